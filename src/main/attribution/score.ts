/**
 * Scores of active (position, latent) pairs, and of latents.
 *
 *   gradient[n, i] = d target / d z[n, i] = tokenScale[n] (g[n] . rows[i])
 *   mean-relu:   score[n, i] = relu(z gradient) / N;   signed-sum:   score[n, i] = z gradient;   score[i] = sum over counted n
 *
 * N is the number of counted positions. Sums run in float64.
 */
import type { Aggregation, LatentEntries, RankedLatent } from '../../shared/records/ranking'
import type { ActiveLatents } from '../saes'
import type { Method } from './types'

export interface Scores {
  readonly entries: LatentEntries
  /** Latents active at a counted position, best first. */
  readonly latents: RankedLatent[]
  /** Sum of activation x gradient over all active pairs, counted or not. */
  readonly total: number
}

/**
 * `gradient` is d target / d hook values, [positions, d_out]; `counted` has one flag for each position; `norms` are the decoder norms of
 * the active latents, [U].
 */
export function scoresOf(
  active: ActiveLatents,
  gradient: Float32Array,
  method: Method,
  counted: readonly boolean[],
  norms: Float32Array
): Scores {
  const { positions, latents, Z, tokenScale } = active
  const pairs = Z.reduce((count, z) => count + (z > 0 ? 1 : 0), 0)
  const entries: LatentEntries = {
    position: new Int32Array(pairs),
    latent: new Int32Array(pairs),
    activation: new Float32Array(pairs),
    gradient: new Float32Array(pairs),
    score: new Float32Array(pairs)
  }
  const sums = Array.from(latents, (latent, u) => newSum(latent, norms[u] ?? 1))
  const N = counted.filter(Boolean).length
  let [entry, total] = [0, 0]
  for (let position = 0; position < positions; position++) {
    for (let u = 0; u < latents.length; u++) {
      const z = Z[position * latents.length + u] ?? 0
      const sum = sums[u]
      if (z <= 0 || !sum) continue
      const slope = (tokenScale[position] ?? 1) * dotRow(gradient, position, active.rows, u, active.d_out)
      const score = counted[position] ? contribution(method.aggregation, z * slope, N) : 0
      total += z * slope
      if (counted[position]) addTo(sum, z, slope, score)
      entries.position[entry] = position
      entries.latent[entry] = latents[u] ?? 0
      entries.activation[entry] = z
      entries.gradient[entry] = slope
      entries.score[entry] = score
      entry++
    }
  }
  const ranked = sums.filter((sum) => sum.positions > 0).map(({ activation, ...sum }) => ({ ...sum, meanActivation: activation / N }))
  return { entries, latents: inOrder(ranked, method), total }
}

function contribution(aggregation: Aggregation, effect: number, N: number): number {
  switch (aggregation) {
    case 'mean-relu':
      return Math.max(effect, 0) / N
    case 'signed-sum':
      return effect
  }
}

/** A latent's numbers while they are summed; `activation` is the sum of its activations. */
type Sum = { -readonly [K in Exclude<keyof RankedLatent, 'meanActivation'>]: RankedLatent[K] } & { activation: number }

function newSum(latent: number, decoderNorm: number): Sum {
  return { latent, decoderNorm, score: 0, maxActivation: 0, gradient: 0, signedSum: 0, positions: 0, activation: 0 }
}

function addTo(sum: Sum, z: number, slope: number, score: number): void {
  sum.score += score
  sum.signedSum += z * slope
  sum.positions += 1
  sum.activation += z
  if (z <= sum.maxActivation) return
  sum.maxActivation = z
  sum.gradient = slope
}

/** Best first; equal scores by latent, so that the order does not depend on anything else. */
function inOrder(latents: RankedLatent[], { order }: Method): RankedLatent[] {
  const key = ({ score }: RankedLatent): number => (order === 'score' ? score : Math.abs(score))
  return latents.sort((a, b) => key(b) - key(a) || a.latent - b.latent)
}

/** Four sums side by side: the processor adds them at once instead of waiting for each addition. */
function dotRow(a: Float32Array, row: number, b: Float32Array, other: number, width: number): number {
  const [left, right] = [row * width, other * width]
  let [first, second, third, fourth] = [0, 0, 0, 0]
  let i = 0
  for (; i + 3 < width; i += 4) {
    first += (a[left + i] ?? 0) * (b[right + i] ?? 0)
    second += (a[left + i + 1] ?? 0) * (b[right + i + 1] ?? 0)
    third += (a[left + i + 2] ?? 0) * (b[right + i + 2] ?? 0)
    fourth += (a[left + i + 3] ?? 0) * (b[right + i + 3] ?? 0)
  }
  for (; i < width; i++) first += (a[left + i] ?? 0) * (b[right + i] ?? 0)
  return first + second + third + fourth
}
