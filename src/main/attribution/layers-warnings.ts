/** What a person should know before believing a ranking of layers, in words. */
import type { LayerRanking } from '../../shared/records/layers'
import type { RankingTarget } from '../../shared/records/ranking'
import type { Model } from '../models/types'
import type { Session } from '../runtime/types'
import type { Sae } from '../saes/types'
import type { Checked } from './check'
import { IDENTITY_TOLERANCE } from './identity'
import { vanishing } from './warnings'

export interface LayersObserved {
  readonly checked: Checked
  readonly target: RankingTarget
  readonly ranked: readonly LayerRanking[]
  readonly devices: readonly Session['device'][]
}

export function layersWarnings(model: Model, saes: readonly Sae[], { checked, target, ranked, devices }: LayersObserved): string[] {
  const { plan, counted, countedPositions, request } = checked
  const { specialIds } = model.tokenizer
  const warnings = vanishing(target)
  const bos = saes.filter(({ prependBos }) => prependBos)
  if (bos.length > 0 && !specialIds.has(plan.ids[0] ?? -1))
    warnings.push(`Trained on text that begins with a BOS token, and this prompt does not: ${bos.map(({ name }) => name).join(', ')}.`)
  for (const { hook, sae, fvu, identity } of ranked) {
    if (fvu > 1)
      warnings.push(
        `${hook}: the reconstruction of ${sae.name} is worse than the mean (fraction of variance unexplained ${fvu.toFixed(2)}): it probably belongs to another model, hook point or scale.`
      )
    if (identity.relativeGap > IDENTITY_TOLERANCE)
      warnings.push(
        `${hook}: the parts do not add up: gradient times hook value differs from latents, decoder bias and error together by ${identity.relativeGap.toExponential(1)} of their size. Do not trust this layer.`
      )
  }
  if (!request.includeSpecial && counted.some((counts, position) => !counts && specialIds.has(plan.ids[position] ?? -1)))
    warnings.push(`Special tokens were left out: scores cover ${countedPositions} of ${counted.length} positions.`)
  const notes = devices.map(({ note }) => note).filter((note) => note !== '')
  return [...warnings, ...[...new Set(notes)].map((note) => `Device: ${note}.`)]
}
