/** What a person should know before believing a ranking, in words. */
import type { RankingTarget } from '../../shared/records/ranking'
import type { Attributed } from './batch'
import type { Bench } from './bench'
import { IDENTITY_TOLERANCE } from './identity'

/** p (1 - p), the factor of every gradient of a probability, is below this share of its largest value 1/4 outside these bounds. */
const NEARLY_CERTAIN = 0.99
const NEARLY_IMPOSSIBLE = 1e-4
/** A completeness gap above this share of the change leaves the contributions unexplained. */
const GAP = 0.05

/** `fvu` is the prompt's fraction of variance unexplained. */
export function warningsOf({ sessions, encoder }: Bench, found: Attributed, target: RankingTarget, fvu: number): string[] {
  const { identity, completeness, devices } = found
  const { plan, countedPositions, counted, method } = found.prepared
  const { ids } = plan
  const { sae } = encoder
  const special = sessions.model.tokenizer.specialIds
  // Along a path the gradient is taken where the target is not certain, too; ablations and activations take none.
  const warnings = method.gradient === 'point' || method.gradient === 'direct' ? vanishing(target) : []
  if (fvu > 1) {
    warnings.push(
      `The reconstruction is worse than the mean (fraction of variance unexplained ${fvu.toFixed(2)}): the SAE probably belongs to another model, hook point or scale.`
    )
  }
  if (sae.prependBos && !special.has(ids[0] ?? -1)) {
    warnings.push('The SAE was trained on text that begins with a BOS token, and this prompt does not begin with one.')
  }
  if (counted.some((counts, position) => !counts && special.has(ids[position] ?? -1)) && !found.prepared.request.includeSpecial) {
    warnings.push(`Special tokens were left out: scores and ablations cover ${countedPositions} of ${ids.length} positions.`)
  }
  if (completeness && Math.abs(completeness.gap) > GAP * Math.abs(completeness.change)) {
    const share = completeness.change === 0 ? 'all' : `${((100 * Math.abs(completeness.gap)) / Math.abs(completeness.change)).toFixed(0)} %`
    const way = method.gradient === 'path' ? 'More steps close the gap.' : 'Integrated gradients follow the path instead of one slope.'
    warnings.push(`The contributions miss ${share} of the change that they explain. ${way}`)
  }
  if (identity.relativeGap > IDENTITY_TOLERANCE) {
    warnings.push(
      `The parts do not add up: gradient times hook value differs from latents, decoder bias and error together by ${identity.relativeGap.toExponential(1)} of their size. Do not trust this ranking.`
    )
  }
  const notes = devices.map(({ note }) => note).filter((note) => note !== '')
  return [...warnings, ...[...new Set(notes)].map((note) => `Device: ${note}.`)]
}

/** Where the target's own gradient vanishes. */
export function vanishing({ kind, probability: p, terms }: RankingTarget): string[] {
  const advice = 'so all scores are small; the target "logit" does not saturate.'
  if ((kind === 'continuation' || kind === 'cross-entropy') && terms.every((term) => term.probability > NEARLY_CERTAIN))
    return [
      `Every token of the target has a probability above ${NEARLY_CERTAIN}. Near 1 the gradients of their logarithms vanish, so all scores are small; targets made of logits do not saturate.`
    ]
  if (kind === 'probability' && p > NEARLY_CERTAIN)
    return [`The target's probability is ${p.toFixed(4)}. Near 1 its gradient vanishes, ${advice}`]
  if (kind === 'log-probability' && p > NEARLY_CERTAIN)
    return [`The target's probability is ${p.toFixed(4)}. Near 1 the gradient of its logarithm vanishes, ${advice}`]
  if (kind === 'probability' && p < NEARLY_IMPOSSIBLE)
    return [`The target's probability is ${p.toExponential(1)}. Near 0 its gradient vanishes, ${advice}`]
  return []
}
