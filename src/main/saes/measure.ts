/** How well an SAE reconstructs: fraction of variance unexplained, and active latents per position. */
import type { ActiveLatents } from './types'

/** What one position says. */
export interface PositionQuality {
  /** |x - y|^2 / |x - mean|^2, the mean taken over the prompt's positions. */
  readonly fvu: number
  /** Active latents. */
  readonly l0: number
}

/**
 * Quality of a reconstruction of hook values [n, d_in], per position and in total:
 * fvu = sum of |x - y|^2 over sum of |x - mean|^2, with mean the average over all positions of the prompt. The first position is left
 * out of both sums, because its norm is an outlier in most models; a prompt of one position is measured on that one, around zero.
 * Where the denominator is 0, fvu is 0 for a perfect reconstruction and 1 otherwise, so that it is always finite.
 */
export function quality(values: Float32Array, active: ActiveLatents): { fvu: number; l0: number; positions: PositionQuality[] } {
  const { positions: n, reconstruction } = active
  const width = values.length / n
  const mean = n > 1 ? columnMeans(values, n, width) : new Float64Array(width)
  const counts = countActive(active)
  const positions: PositionQuality[] = []
  let [unexplained, variance] = [0, 0]
  for (let position = 0; position < n; position++) {
    let [error, spread] = [0, 0]
    for (let i = 0; i < width; i++) {
      const x = values[position * width + i] ?? 0
      error += (x - (reconstruction[position * width + i] ?? 0)) ** 2
      spread += (x - (mean[i] ?? 0)) ** 2
    }
    positions.push({ fvu: ratio(error, spread), l0: counts[position] ?? 0 })
    if (position > 0 || n === 1) [unexplained, variance] = [unexplained + error, variance + spread]
  }
  return { fvu: ratio(unexplained, variance), l0: counts.reduce((sum, count) => sum + count, 0) / n, positions }
}

function ratio(error: number, spread: number): number {
  if (spread > 0) return error / spread
  return error === 0 ? 0 : 1
}

function columnMeans(values: Float32Array, n: number, width: number): Float64Array {
  const sums = new Float64Array(width)
  for (let index = 0; index < values.length; index++) sums[index % width] = (sums[index % width] ?? 0) + (values[index] ?? 0)
  return sums.map((sum) => sum / n)
}

function countActive({ Z, positions, latents }: ActiveLatents): number[] {
  const counts = new Array<number>(positions).fill(0)
  for (let index = 0; index < Z.length; index++) {
    if ((Z[index] ?? 0) > 0) counts[Math.floor(index / latents.length)] = (counts[Math.floor(index / latents.length)] ?? 0) + 1
  }
  return counts
}
