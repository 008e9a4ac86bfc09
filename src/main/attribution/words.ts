/** What a ranking states of itself in words: formula, settings, and the target with its p. */
import type { Aggregation, Frozen, PositionScope, RankingTarget } from '../../shared/records/ranking'
import type { Checked } from './check'
import { STEPS } from './slopes'

/** Tokens of a target whose p is listed one by one. */
const LISTED = 4

const RULES: Record<Aggregation, string> = {
  'mean-relu': 'mean over counted positions of the positive contributions',
  'signed-sum': 'signed sum over counted positions',
  'absolute-sum': 'sum over counted positions of the contributions’ sizes',
  mean: 'mean over counted positions',
  max: 'largest contribution of any counted position'
}

export function formulaOf(checked: Checked, target: RankingTarget): string {
  const { method, substitution, scope, frozen, request, other, counted } = checked
  const settings = [
    ...(method.contribution ? [RULES[method.aggregation]] : []),
    substitution === 'reconstruction'
      ? 'the reconstruction written, error left out'
      : 'reconstruction plus error written: the model’s own values',
    `${scopeWords(scope, counted.length)}${request.includeSpecial ? '' : ', special tokens left out'}`,
    ...(method.gradient === 'path' ? [`${request.steps ?? STEPS} steps from ${other ? 'the counterfactual prompt' : 'zero'}`] : []),
    ...(method.gradient !== 'path' && other ? ['patched to the counterfactual prompt'] : []),
    ...(method.name === 'random' ? [`seed ${request.seed ?? 0}`] : []),
    // The direct path goes through no attention and holds the last norm as it is; an ablation or an activation has nothing to hold.
    ...(method.gradient === 'point' || method.gradient === 'path' ? frozenWords(frozen) : [])
  ]
  const [first = '', ...others] = settings
  const sentence = [`${first.slice(0, 1).toUpperCase()}${first.slice(1)}`, ...others].join('; ')
  return `${method.formula}. ${sentence}. t: ${targetWords(target)}.`
}

const scopeWords = (scope: PositionScope, positions: number): string =>
  scope.kind === 'all'
    ? `all ${positions} positions`
    : scope.kind === 'last'
      ? 'the last position of the prompt alone'
      : `positions ${scope.from} to ${scope.to} alone`

const frozenWords = ({ attention, norms }: Frozen): string[] => {
  const held = [...(attention ? ['attention patterns'] : []), ...(norms ? ['norm scales'] : [])]
  return held.length === 0 ? [] : [`${held.join(' and ')} held fixed`]
}

/** The target with its p; of several tokens with that of each, or the range of many. */
function targetWords({ label, terms, probability, value }: RankingTarget): string {
  const number = (x: number): string => String(Number(x.toPrecision(4)))
  if (terms.length === 1) return `${label}, p = ${number(probability)}`
  const found = terms.map((term) => term.probability)
  const range = `${number(Math.min(...found))} to ${number(Math.max(...found))}`
  return `${label} = ${number(value)}, p = ${found.length > LISTED ? range : found.map(number).join(', ')}`
}
