/** Seeded random numbers for tests: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [low, high). */
  between(low: number, high: number): number
  /** Whole number in [0, count). */
  below(count: number): number
  pick<T>(from: readonly T[]): T
  /** The given items in random order. */
  shuffled<T>(items: readonly T[]): T[]
}

/** mulberry32 (Tommy Ettinger, public domain). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number): number => Math.floor(next() * count)
  const shuffled = <T>(items: readonly T[]): T[] => {
    const result = [...items]
    for (let i = result.length - 1; i > 0; i--) {
      const j = below(i + 1)
      const [a, b] = [result[i], result[j]]
      if (a !== undefined && b !== undefined) [result[i], result[j]] = [b, a]
    }
    return result
  }
  return {
    between: (low, high) => low + (high - low) * next(),
    below,
    pick: (from) => {
      const chosen = from[below(from.length)]
      if (chosen === undefined) throw new Error('nothing to pick from')
      return chosen
    },
    shuffled
  }
}
