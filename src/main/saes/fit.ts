/** How well the SAE describes a prompt: fraction of variance unexplained, and active latents per position. */
import type { ActiveLatents } from './types'

export interface Fit {
  /** |x - y|^2 / |x - mean|^2 of each position, the mean taken over all positions of the prompt. 0 where x is the mean. */
  readonly positions: readonly number[]
  /** The same with numerators and denominators summed over all positions but the first, whose norm dwarfs the others in most models. */
  readonly total: number
  /** Active latents of each position, and their mean over all positions. */
  readonly l0: readonly number[]
  readonly meanL0: number
}

/** The fit of `active` to the hook values it was encoded from: resid = reconstruction + error. */
export function fitOf(active: ActiveLatents): Fit {
  const { positions, d_out, latents, Z, reconstruction, error } = active
  const mean = new Float64Array(d_out)
  for (let position = 0; position < positions; position++) {
    const start = position * d_out
    for (let i = 0; i < d_out; i++) mean[i] = (mean[i] ?? 0) + ((reconstruction[start + i] ?? 0) + (error[start + i] ?? 0)) / positions
  }
  const unexplained = new Float64Array(positions)
  const variance = new Float64Array(positions)
  for (let position = 0; position < positions; position++) {
    const start = position * d_out
    let missed = 0
    let spread = 0
    for (let i = 0; i < d_out; i++) {
      const e = error[start + i] ?? 0
      const distance = (reconstruction[start + i] ?? 0) + e - (mean[i] ?? 0)
      missed += e * e
      spread += distance * distance
    }
    unexplained[position] = missed
    variance[position] = spread
  }
  const l0 = Array.from({ length: positions }, (_, position) => {
    const row = Z.subarray(position * latents.length, (position + 1) * latents.length)
    return row.reduce((count, z) => count + (z > 0 ? 1 : 0), 0)
  })
  return {
    positions: Array.from(unexplained, (number, position) => ratio(number, variance[position] ?? 0)),
    total: ratio(sum(unexplained.subarray(1)), sum(variance.subarray(1))),
    l0,
    meanL0: sum(l0) / positions
  }
}

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)

function sum(numbers: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < numbers.length; i++) total += numbers[i] ?? 0
  return total
}
