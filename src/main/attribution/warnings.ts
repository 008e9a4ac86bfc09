/** What a person should know before believing a ranking, in words. */
import type { Identity, TargetKind } from '../../shared/records/ranking'
import type { Session } from '../runtime/types'
import type { Bench } from './bench'
import { IDENTITY_TOLERANCE } from './identity'
import type { Prepared } from './prepare'

/** p (1 - p), the factor of every gradient of a probability, is below this share of its largest value 1/4 outside these bounds. */
const NEARLY_CERTAIN = 0.99
const NEARLY_IMPOSSIBLE = 1e-4

export interface Observed {
  readonly kind: TargetKind
  readonly probability: number
  readonly fvu: number
  readonly identity: Identity
  readonly devices: readonly Session['device'][]
}

export function warningsOf({ sessions, encoder }: Bench, prepared: Prepared, observed: Observed): string[] {
  const { kind, probability: p, fvu, identity, devices } = observed
  const { sae } = encoder
  const { ids, countedPositions } = prepared
  const warnings: string[] = []
  if (kind === 'probability' && p > NEARLY_CERTAIN) {
    warnings.push(
      `The target's probability is ${p.toFixed(4)}. Near 1 its gradient vanishes, so all scores are small; the method "attribution" explains the logit, which does not saturate.`
    )
  }
  if (kind === 'probability' && p < NEARLY_IMPOSSIBLE) {
    warnings.push(
      `The target's probability is ${p.toExponential(1)}. Near 0 its gradient vanishes, so all scores are small; the method "attribution" explains the logit, which does not saturate.`
    )
  }
  if (fvu > 1) {
    warnings.push(
      `The reconstruction is worse than the mean (fraction of variance unexplained ${fvu.toFixed(2)}): the SAE probably belongs to another model, hook point or scale.`
    )
  }
  if (sae.prependBos && !sessions.model.tokenizer.specialIds.has(ids[0] ?? -1)) {
    warnings.push('The SAE was trained on text that begins with a BOS token, and this prompt does not begin with one.')
  }
  if (countedPositions < ids.length) {
    warnings.push(`Special tokens were left out: scores and ablations cover ${countedPositions} of ${ids.length} positions.`)
  }
  if (identity.relativeGap > IDENTITY_TOLERANCE) {
    warnings.push(
      `The parts do not add up: gradient times hook value differs from latents, decoder bias and error together by ${identity.relativeGap.toExponential(1)} of their size. Do not trust this ranking.`
    )
  }
  return [
    ...warnings,
    ...new Set(
      devices
        .map(({ note }) => note)
        .filter((note) => note !== '')
        .map((note) => `Device: ${note}.`)
    )
  ]
}
