/**
 * Second pass over a finished text: each generated token under the unsteered model, and how far the steered distribution is from it.
 *
 *   baselineLogprob[i] = log u_i(token i),  KL[i] = sum_v s_i(v) (log s_i(v) - log u_i(v)),  perplexity = exp(-mean baselineLogprob)
 *
 * u_i and s_i are the unsteered and steered next-token distributions on the same text (prompt and the generated tokens before i),
 * so the two differ by the edits alone. Sums are float64.
 */
import { assert } from '../../shared/errors'
import type { ColumnScores, Recipe } from '../../shared/records/steering'
import { breathe, type Task } from '../../shared/task'
import { expOfNegative } from '../models'
import { changesNothing } from './interventions'
import type { Steering } from './open'
import { readColumns, startReading } from './read'
import { logTotal } from './sampling'

/** Largest number of logits held at once: 64 MiB of float32. */
const LOGITS_AT_ONCE = 2 ** 24

/**
 * Scores one column. The text is read in pieces with a cache, so memory does not grow with its length times the vocabulary;
 * cancel takes effect between pieces. A column without edits has a KL of exactly 0.
 */
export async function scoreColumn(
  steering: Steering,
  promptIds: readonly number[],
  generatedIds: readonly number[],
  recipe: Recipe | null,
  task: Task
): Promise<ColumnScores> {
  const { d_vocab } = steering.plain.model.config
  const edited = recipe !== null && !changesNothing(recipe)
  const recipes = edited ? [null, recipe] : [null]
  const text = [...promptIds, ...generatedIds.slice(0, -1)]
  const size = Math.max(1, Math.floor(LOGITS_AT_ONCE / (recipes.length * d_vocab)))
  const baselineLogprob: number[] = []
  const kl: number[] = []
  let reading = startReading(steering, recipes)
  while (baselineLogprob.length < generatedIds.length) {
    await breathe(task)
    const done = baselineLogprob.length
    const count = Math.min(size, generatedIds.length - done)
    const start = reading.length
    // The distribution of generated token i comes after position promptLength - 1 + i.
    const firstSelected = promptIds.length - 1 + done - start
    const select = Array.from({ length: count }, (_, index) => firstSelected + index)
    const piece = text.slice(start, start + firstSelected + count)
    const read = await readColumns(reading, { text: [piece], promptLength: promptIds.length, select })
    reading = read.reading
    for (let index = 0; index < count; index++) {
      const unsteered = rowOf(read.logits.data, index, d_vocab)
      const total = logTotal(unsteered, 'scoring a text under the unsteered model')
      const id = generatedIds[done + index]
      assert(id !== undefined, 'there is a generated token for each selected place')
      baselineLogprob.push((unsteered[id] ?? NaN) - total)
      kl.push(edited ? divergence(rowOf(read.logits.data, count + index, d_vocab), unsteered, total) : 0)
    }
  }
  return { baselineLogprob, kl, perplexity: perplexityOf(baselineLogprob) }
}

/** exp of minus the mean log-probability; NaN of no tokens is avoided by 1, the perplexity of certainty. */
export function perplexityOf(logprobs: readonly number[]): number {
  if (logprobs.length === 0) return 1
  return Math.exp(-logprobs.reduce((sum, logprob) => sum + logprob, 0) / logprobs.length)
}

/** KL(steered || unsteered) in nats of two rows of logits; `unsteeredTotal` is the log sum exp of the second. Never below 0. */
export function divergence(steered: Float32Array, unsteered: Float32Array, unsteeredTotal: number): number {
  const total = logTotal(steered, 'scoring a steered text')
  let sum = 0
  for (let id = 0; id < steered.length; id++) {
    const logprob = (steered[id] ?? NaN) - total
    const probability = expOfNegative(logprob)
    if (probability > 0) sum += probability * (logprob - ((unsteered[id] ?? NaN) - unsteeredTotal))
  }
  // Rounding can leave about -1e-16 for equal distributions.
  return Math.max(0, sum)
}

function rowOf(data: Float32Array, row: number, size: number): Float32Array {
  return data.subarray(row * size, (row + 1) * size)
}
