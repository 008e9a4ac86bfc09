import { describe, expect, it } from 'vitest'
import { randomStream } from '../../../src/main/statistics/random'
import { candidates, chooseToken, logTotal } from '../../../src/main/steering/sampling'
import { DEFAULT_GENERATION } from '../../../src/shared/records/steering'

const LOGITS = Float32Array.from([2, -1, 0.5, 2, -Infinity, 1])

function frequencies(draws: number, settings: { temperature: number; topK: number; topP: number }): Float64Array {
  const random = randomStream(7)
  const counts = new Float64Array(LOGITS.length)
  for (let draw = 0; draw < draws; draw++) {
    const id = chooseToken(LOGITS, { ...DEFAULT_GENERATION, ...settings }, random)
    counts[id] = (counts[id] ?? 0) + 1
  }
  return counts
}

describe('random streams', () => {
  it('repeat for the same seed and differ for neighbouring seeds', () => {
    const first = randomStream(1)
    const again = randomStream(1)
    const other = randomStream(2)
    const numbers = Array.from({ length: 100 }, () => first())
    expect(Array.from({ length: 100 }, () => again())).toEqual(numbers)
    expect(Array.from({ length: 100 }, () => other())).not.toEqual(numbers)
  })

  it('accept any integer as a seed', () => {
    for (const seed of [0, -1, 2 ** 40, Number.MAX_SAFE_INTEGER, -(2 ** 50)]) {
      const value = randomStream(seed)()
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThan(1)
    }
    expect(randomStream(1)()).not.toBe(randomStream(1 + 2 ** 32)())
  })

  it('are uniform: 100 bins of 100,000 draws pass a chi-square test', () => {
    const random = randomStream(3)
    const bins = new Float64Array(100)
    for (let draw = 0; draw < 100_000; draw++) {
      const bin = Math.floor(random() * 100)
      bins[bin] = (bins[bin] ?? 0) + 1
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    // 99 degrees of freedom: 99.9 % of true uniform samples stay below 148.2. The seed is fixed, so this cannot flicker.
    expect(chiSquare).toBeLessThan(148.2)
  })
})

describe('choosing a token', () => {
  it('is greedy at temperature 0, and takes the lowest id among equals', () => {
    const never = (): number => {
      throw new Error('greedy draws nothing')
    }
    expect(chooseToken(LOGITS, { ...DEFAULT_GENERATION, temperature: 0 }, never)).toBe(0)
  })

  it.each([
    { name: 'plain', temperature: 1, topK: 0, topP: 1 },
    { name: 'cold', temperature: 0.5, topK: 0, topP: 1 },
    { name: 'top k', temperature: 1.5, topK: 3, topP: 1 },
    { name: 'top p', temperature: 2, topK: 0, topP: 0.8 },
    { name: 'both cuts', temperature: 1, topK: 4, topP: 0.9 }
  ])('follows the distribution it states: $name', (settings) => {
    const draws = 20_000
    const counts = frequencies(draws, settings)
    const expected = reference(settings)
    let chiSquare = 0
    expected.forEach((probability, id) => {
      const count = counts[id] ?? 0
      if (probability === 0) expect(count).toBe(0)
      else chiSquare += (count - draws * probability) ** 2 / (draws * probability)
    })
    // At most 4 degrees of freedom (five tokens with weight): 99.9 % of true samples stay below 18.5; the seed is fixed.
    expect(chiSquare).toBeLessThan(18.5)
  })

  it('keeps exactly k tokens when logits tie at the cut, the lower ids first', () => {
    const { ids } = candidates(Float32Array.from([1, 1, 1, 5]), { temperature: 1, topK: 2, topP: 1 })
    expect([...ids]).toEqual([0, 3])
  })

  it('keeps the most probable token however small top p is', () => {
    const { ids } = candidates(LOGITS, { temperature: 1, topK: 0, topP: 1e-9 })
    expect([...ids]).toEqual([0])
  })

  it('finds log-probabilities that sum to one for logits of any size', () => {
    for (const shift of [0, 1e4, -1e4]) {
      const logits = Float32Array.from([1, 2, 3], (logit) => logit + shift)
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - logTotal(logits, 'testing')), 0)
      // float64 sums of three terms; the rest is the rounding of the exponent's argument at 1e4 (1e4 x 2^-53).
      expect(Math.abs(total - 1)).toBeLessThan(1e-11)
    }
  })

  it('refuses numbers that are not finite, and says while doing what', () => {
    for (const bad of [NaN, Infinity]) {
      expect(() => logTotal(Float32Array.from([0, bad]), 'generating token 3 of column 1')).toThrow(
        'The model produced numbers that are not finite while generating token 3 of column 1.'
      )
    }
    expect(() => logTotal(Float32Array.from([-Infinity, -Infinity]), 'testing')).toThrow('not finite')
  })
})

/** The distribution by its definition, the slow way: temperature, then top k, then top p. */
function reference({ temperature, topK, topP }: { temperature: number; topK: number; topP: number }): number[] {
  const sorted = Array.from(LOGITS, (logit, id) => ({ id, weight: Math.exp(logit / temperature) })).sort(
    (a, b) => b.weight - a.weight || a.id - b.id
  )
  const afterK = topK > 0 ? sorted.slice(0, topK) : sorted
  const total = afterK.reduce((sum, { weight }) => sum + weight, 0)
  const kept: typeof afterK = []
  let mass = 0
  for (const item of afterK) {
    if (kept.length > 0 && mass >= topP) break
    kept.push(item)
    mass += item.weight / total
  }
  const left = kept.reduce((sum, { weight }) => sum + weight, 0)
  const probabilities = new Array<number>(LOGITS.length).fill(0)
  for (const { id, weight } of kept) probabilities[id] = weight / left
  return probabilities
}
