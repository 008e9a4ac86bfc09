/** The target's value from logits, in float64: what rankings state and ablations are measured with. */
import { assert } from '../../shared/errors'
import { logSumExp } from '../models'
import type { Reading, Term } from './types'

/** One token's probability, logit or log-probability from one row of logits. */
export function readingOf(reading: Reading, logits: Float32Array, id: number): number {
  const logit = logits[id]
  assert(logit !== undefined, `the token ${id} has a logit`)
  if (reading === 'logit') return logit
  const logProbability = logit - logSumExp(logits)
  return reading === 'probability' ? Math.exp(logProbability) : logProbability
}

/** sum of weight x reading: `logits` and `ids` are those of each term. */
export function valueOf(reading: Reading, terms: readonly Term[], logits: readonly Float32Array[], ids: readonly number[]): number {
  return terms.reduce((sum, { weight }, term) => sum + weight * readingOf(reading, logits[term] ?? new Float32Array(), ids[term] ?? -1), 0)
}
