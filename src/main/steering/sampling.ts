/**
 * From next-token logits to a token: log-probabilities, greedy choice and sampling. All sums are float64.
 *
 * Sampling order is that of Hugging Face's generation: logits / temperature, then the top k, then the top p of what is left,
 * then one draw. Ties in a cut go to the lower id.
 */
import { assert, fail } from '../../shared/errors'
import type { GenerationSettings } from '../../shared/records/steering'
import { expOfNegative, largestOf, logSumExp } from '../models'
import type { RandomStream } from '../statistics/random'

/**
 * log sum exp of one row of logits, in nats; log p(id) = logits[id] - this. `largest` spares a look at all of them where it is known.
 * Fails with NUMBERS_NOT_FINITE when a logit is NaN or +Infinity, or all are -Infinity.
 */
export function logTotal(logits: Float32Array, doing: string, largest?: number): number {
  const total = logSumExp(logits, largest)
  if (!Number.isFinite(total)) fail('NUMBERS_NOT_FINITE', { doing })
  return total
}

/**
 * The next token. Temperature 0 is greedy, takes the lowest id among equals and draws nothing; otherwise exactly one number is drawn per
 * token.
 */
export function chooseToken(logits: Float32Array, settings: GenerationSettings, random: RandomStream, largest = largestOf(logits)): number {
  if (settings.temperature === 0) return logits.indexOf(largest)
  const { ids, weights } = candidates(logits, settings, largest)
  return draw(ids, weights, random())
}

/**
 * The tokens that sampling may choose, with their relative weights (not normalised; the largest logit has weight 1).
 * Ids ascend when no top p cut was made, otherwise weights descend.
 */
export function candidates(
  logits: Float32Array,
  { temperature, topK, topP }: Pick<GenerationSettings, 'temperature' | 'topK' | 'topP'>,
  largest = largestOf(logits)
): { ids: Int32Array; weights: Float64Array } {
  assert(temperature > 0, 'sampling has a temperature')
  const ids = topK > 0 && topK < logits.length ? topIds(logits, topK) : allIds(logits.length)
  const weights = new Float64Array(ids.length)
  // Plain loops: once for each token of each column, iterators and callbacks take several times as long.
  for (let index = 0; index < ids.length; index++)
    weights[index] = expOfNegative(((logits[ids[index] ?? 0] ?? -Infinity) - largest) / temperature)
  return topP < 1 ? nucleus(ids, weights, topP) : { ids, weights }
}

function allIds(count: number): Int32Array {
  const ids = new Int32Array(count)
  for (let id = 0; id < count; id++) ids[id] = id
  return ids
}

/** Ids of the k largest logits, ascending. */
function topIds(logits: Float32Array, k: number): Int32Array {
  // Typed arrays sort numerically and natively: several times faster than sorting ids by a comparison.
  const threshold = Float32Array.from(logits).sort()[logits.length - k] ?? -Infinity
  let above = 0
  for (const logit of logits) if (logit > threshold) above++
  let equalsLeft = k - above
  const ids = new Int32Array(k)
  let count = 0
  logits.forEach((logit, id) => {
    if (logit < threshold || (logit === threshold && equalsLeft-- <= 0)) return
    ids[count++] = id
  })
  return ids
}

/** The smallest set of most probable tokens whose probabilities sum to at least `topP`; at least one token. */
function nucleus(ids: Int32Array, weights: Float64Array, topP: number): { ids: Int32Array; weights: Float64Array } {
  const total = sumOf(weights)
  // Tokens below this bound hold less than 1 - topP together, so none of them is in the set: no need to sort them.
  const bound = ((1 - topP) * total) / weights.length
  const order = Array.from(ids.keys()).filter((index) => (weights[index] ?? 0) >= bound)
  order.sort((left, right) => (weights[right] ?? 0) - (weights[left] ?? 0) || left - right)
  let kept = 0
  let sum = 0
  while (kept < order.length && (kept === 0 || sum < topP * total)) sum += weights[order[kept++] ?? 0] ?? 0
  const chosen = order.slice(0, kept)
  return { ids: Int32Array.from(chosen, (index) => ids[index] ?? 0), weights: Float64Array.from(chosen, (index) => weights[index] ?? 0) }
}

function sumOf(weights: Float64Array): number {
  let sum = 0
  for (let index = 0; index < weights.length; index++) sum += weights[index] ?? 0
  return sum
}

/** The token at which the running sum of weights passes `uniform` x their total (inverse distribution function). */
function draw(ids: Int32Array, weights: Float64Array, uniform: number): number {
  const total = sumOf(weights)
  let left = uniform * total
  let last = ids[0] ?? 0
  for (let index = 0; index < ids.length; index++) {
    const weight = weights[index] ?? 0
    if (weight === 0) continue
    last = ids[index] ?? 0
    left -= weight
    if (left < 0) return last
  }
  // Rounding can leave a remainder of about 1e-16 x total: it belongs to the last token with any weight.
  return last
}
