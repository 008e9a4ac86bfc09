/** What a ranking of layers states in words: its formula and settings, and what a person should know before believing it. */
import type { LayerRanking, LayersRanking } from '../../shared/records/layers'
import type { Aggregation, RankingTarget } from '../../shared/records/ranking'
import type { Session } from '../runtime/types'
import { IDENTITY_TOLERANCE } from './identity'
import type { LayersBench } from './layers'

export interface LayersObserved {
  readonly tokens: readonly number[]
  readonly target: RankingTarget
  readonly counted: readonly boolean[]
  readonly ranked: readonly LayerRanking[]
  readonly devices: readonly Session['device'][]
}

export function layersWarnings({ model, layers }: LayersBench, { tokens, target, counted, ranked, devices }: LayersObserved): string[] {
  const warnings: string[] = []
  const bos = layers.filter(({ sae }) => sae.prependBos)
  if (bos.length > 0 && !model.tokenizer.specialIds.has(tokens[0] ?? -1))
    warnings.push(`Trained on text that begins with a BOS token, and this prompt does not: ${bos.map(({ sae }) => sae.name).join(', ')}.`)
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
  const positions = counted.filter(Boolean).length
  if (positions < counted.length) warnings.push(`Scores cover ${positions} of ${counted.length} positions.`)
  const notes = devices.map(({ note }) => note).filter((note) => note !== '')
  return [...warnings, ...[...new Set(notes)].map((note) => `Device: ${note}.`)]
}

/** The scores' formula and settings in words. */
export function formulaOf(
  { label, probability }: RankingTarget,
  { aggregation, scope, includeSpecial, frozen }: Pick<LayersRanking, 'aggregation' | 'scope' | 'includeSpecial' | 'frozen'>
): string {
  const rule: Record<Aggregation, string> = {
    'mean-relu': 'mean over positions n of relu(c)',
    'signed-sum': 'sum over positions n of c',
    'absolute-sum': 'sum over positions n of |c|',
    mean: 'mean over positions n of c',
    max: 'largest c over positions n'
  }
  const where =
    scope.kind === 'all' ? 'every position' : scope.kind === 'last' ? 'the last position' : `positions ${scope.from} to ${scope.to}`
  const special = includeSpecial ? '' : ' that holds no special token'
  const held = [...(frozen.attention ? ['attention patterns'] : []), ...(frozen.norms ? ['norm scales'] : [])].join(' and ')
  return [
    `score[layer, i] = ${rule[aggregation]}, with c = z[layer, n, i] d target / d z[layer, n, i]`,
    `at the model's own values of every layer (error terms kept), over ${where}${special}`,
    ...(held === '' ? [] : [`no gradient through ${held}`]),
    `target: ${label} (p ${Number(probability.toPrecision(4))})`
  ].join('; ')
}
