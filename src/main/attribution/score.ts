/**
 * Scores of active (position, latent) pairs, and of latents.
 *
 *   gradient[n, i] = d target / d z[n, i] = tokenScale[n] (g[n] . rows[i]);   c[n, i] = the method's contribution of the pair
 *   mean-relu: 1/N sum of relu(c);  signed-sum: sum of c;  absolute-sum: sum of |c|;  mean: 1/N sum of c;  max: the largest c
 *
 * over the counted positions n at which the latent is active (with a counterfactual, in either prompt); N is the number of counted
 * positions. Sums run in float64.
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
  /** Sum of the contributions of all counted pairs, whatever the sign rule; 0 of methods without one. */
  readonly explained: number
}

/** What scoring needs of a method. */
export type Scoring = Pick<Method, 'aggregation' | 'order' | 'contribution'>

/**
 * `gradient` is d target / d hook values, [positions, d_out]; `counted` has one flag for each position; `norms` are the decoder norms of
 * the active latents, [U]; `other` the activations that are patched in, [positions, U], null for zeros. Where a method's scores are not
 * sums over pairs, activation x gradient stands in for them (`rescored` puts the real ones in).
 */
export function scoresOf(
  active: ActiveLatents,
  gradient: Float32Array,
  method: Scoring,
  counted: readonly boolean[],
  norms: Float32Array,
  other: Float32Array | null = null
): Scores {
  const { positions, latents, Z, tokenScale } = active
  const entries = newEntries(pairsOf(Z, other))
  const sums = Array.from(latents, (latent, u) => newSum(latent, norms[u] ?? 1, method.aggregation))
  const N = counted.filter(Boolean).length
  const contribution = method.contribution ?? (({ activation, gradient: slope }) => activation * slope)
  let entry = 0
  let total = 0
  let explained = 0
  for (let position = 0; position < positions; position++) {
    for (let u = 0; u < latents.length; u++) {
      const at = position * latents.length + u
      const z = Z[at] ?? 0
      const patched = other?.[at] ?? 0
      const sum = sums[u]
      if (!isPair(z, patched) || !sum) continue
      const slope = (tokenScale[position] ?? 1) * dotRow(gradient, position, active.rows, u, active.d_out)
      const c = counted[position] ? contribution({ activation: z, other: patched, gradient: slope }) : 0
      total += z * slope
      explained += c
      entries.position[entry] = position
      entries.latent[entry] = latents[u] ?? 0
      entries.activation[entry] = z
      entries.gradient[entry] = slope
      entries.score[entry] = counted[position] ? addTo(sum, { entry, z, slope, c, N }, method.aggregation, entries) : 0
      entry++
    }
  }
  const ranked = sums.filter((sum) => sum.positions > 0).map((sum) => rankedOf(sum, N))
  return { entries, latents: inOrder(ranked, method), total, explained: method.contribution ? explained : 0 }
}

/** The same latents with other scores, in their order: of methods whose scores are not sums over pairs. */
export function rescored(
  latents: readonly RankedLatent[],
  score: (latent: number) => number,
  method: Pick<Method, 'order'>
): RankedLatent[] {
  return inOrder(
    latents.map((row) => ({ ...row, score: score(row.latent) })),
    method
  )
}

const isPair = (z: number, patched: number | undefined): boolean => z > 0 || (patched ?? 0) > 0

function pairsOf(Z: Float32Array, other: Float32Array | null): number {
  let count = 0
  for (let at = 0; at < Z.length; at++) if (isPair(Z[at] ?? 0, other?.[at])) count++
  return count
}

function newEntries(pairs: number): LatentEntries {
  return {
    position: new Int32Array(pairs),
    latent: new Int32Array(pairs),
    activation: new Float32Array(pairs),
    gradient: new Float32Array(pairs),
    score: new Float32Array(pairs)
  }
}

/** A latent's numbers while they are summed; `activation` is the sum of its activations, `best` the entry of the largest c. */
type Sum = { -readonly [K in Exclude<keyof RankedLatent, 'meanActivation'>]: RankedLatent[K] } & { activation: number; best: number }

function newSum(latent: number, decoderNorm: number, aggregation: Aggregation): Sum {
  const score = aggregation === 'max' ? -Infinity : 0
  return { latent, decoderNorm, score, maxActivation: 0, gradient: 0, signedSum: 0, positions: 0, activation: 0, best: -1 }
}

function rankedOf({ latent, score, maxActivation, gradient, decoderNorm, signedSum, positions, activation }: Sum, N: number): RankedLatent {
  return { latent, score, maxActivation, meanActivation: activation / N, gradient, decoderNorm, signedSum, positions }
}

interface Counted {
  readonly entry: number
  readonly z: number
  readonly slope: number
  readonly c: number
  readonly N: number
}

/** Adds a counted pair to its latent, and returns what it adds to the latent's score. */
function addTo(sum: Sum, { entry, z, slope, c, N }: Counted, aggregation: Aggregation, { score }: LatentEntries): number {
  sum.signedSum += z * slope
  sum.positions += 1
  sum.activation += z
  if (z > sum.maxActivation || sum.positions === 1) {
    sum.maxActivation = z
    sum.gradient = slope
  }
  if (aggregation !== 'max') {
    const added = addedScore(aggregation, c, N)
    sum.score += added
    return added
  }
  if (c <= sum.score) return 0
  // The largest so far takes the place of the one before.
  if (sum.best >= 0) score[sum.best] = 0
  sum.best = entry
  sum.score = c
  return c
}

function addedScore(aggregation: Exclude<Aggregation, 'max'>, c: number, N: number): number {
  switch (aggregation) {
    case 'mean-relu':
      return Math.max(c, 0) / N
    case 'signed-sum':
      return c
    case 'absolute-sum':
      return Math.abs(c)
    case 'mean':
      return c / N
  }
}

/** Best first; equal scores by latent, so that the order does not depend on anything else. */
function inOrder(latents: RankedLatent[], { order }: Pick<Method, 'order'>): RankedLatent[] {
  const key = ({ score }: RankedLatent): number => (order === 'score' ? score : Math.abs(score))
  return latents.sort((a, b) => key(b) - key(a) || a.latent - b.latent)
}

/**
 * Four sums side by side: the processor adds them at once instead of waiting for each addition. Hot sums are declared one by one, here and
 * elsewhere: V8 allocates every intermediate value of numbers declared by destructuring, which takes three to five times as long.
 */
export function dotRow(a: Float32Array, row: number, b: Float32Array, other: number, width: number): number {
  const left = row * width
  const right = other * width
  let first = 0
  let second = 0
  let third = 0
  let fourth = 0
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
