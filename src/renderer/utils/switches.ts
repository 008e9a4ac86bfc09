/** The switches of an attribution in words, and the ones that a saved ranking was made with: pure. */
import type {
  AttributionSwitches,
  Aggregation,
  Frozen,
  PositionScope,
  Ranking,
  Substitution,
  TargetInput
} from '../../shared/records/ranking'
import type { Token } from '../../shared/records/token'

export const SUBSTITUTIONS: Record<Substitution, { label: string; line: string }> = {
  reconstruction: {
    label: 'reconstruction',
    line: 'The SAE’s reconstruction replaces the hook value everywhere; the error is left out, as in the paper.'
  },
  'reconstruction+error': { label: 'with error', line: 'Reconstruction plus the SAE’s error: the model’s own output does not change.' }
}

export const AGGREGATIONS: Record<Aggregation, { label: string; line: string }> = {
  'mean-relu': { label: 'mean of ReLU', line: 'Mean over positions of the positive contributions only, as in the paper.' },
  'signed-sum': { label: 'signed sum', line: 'Sum over positions, with their signs.' },
  'absolute-sum': { label: 'sum of sizes', line: 'Sum over positions of the contributions’ sizes.' },
  mean: { label: 'mean', line: 'Mean over positions, with their signs.' },
  max: { label: 'maximum', line: 'The largest contribution of any position.' }
}

export const FREEZES = {
  nothing: { label: 'nothing', line: 'The gradient flows through everything.' },
  attention: { label: 'attention', line: 'Attention patterns are held as they are.' },
  norms: { label: 'norms', line: 'The scales of the norms are held as they are.' },
  both: {
    label: 'attention and norms',
    line: 'Attention patterns and norm scales are held: the rest is the path that circuit-tracer follows.'
  }
} as const
export type Freeze = keyof typeof FREEZES

export const freezeOf = ({ attention, norms }: Frozen): Freeze => (attention ? (norms ? 'both' : 'attention') : norms ? 'norms' : 'nothing')
export const frozenOf = (freeze: Freeze): Frozen => ({
  attention: freeze === 'attention' || freeze === 'both',
  norms: freeze === 'norms' || freeze === 'both'
})

export function scopeWords(scope: PositionScope): string {
  switch (scope.kind) {
    case 'all':
      return 'all positions'
    case 'last':
      return 'the last position'
    case 'range':
      return `positions ${scope.from} to ${scope.to}`
  }
}

/** The switches that make a ranking again, from its own record. */
export function switchesOf(ranking: Ranking): AttributionSwitches {
  const { target } = ranking
  const [first] = target.terms
  const last = ranking.tokens.length - 1
  return {
    substitution: ranking.substitution,
    aggregation: ranking.aggregation,
    targetKind: target.kind,
    scope: ranking.scope,
    includeSpecial: ranking.includeSpecial,
    frozen: ranking.frozen,
    position: ofOnePlace(ranking) && first && first.position !== last ? first.position : null,
    ...(ranking.steps === null ? {} : { steps: ranking.steps }),
    ...(ranking.seed === null ? {} : { seed: ranking.seed })
  }
}

/** What to ask for to get the very target of a ranking, by ids. */
export function targetOf(ranking: Ranking): TargetInput {
  const { kind, id, terms } = ranking.target
  const ids = (wanted: (weight: number) => boolean): { id: number }[] =>
    terms.filter(({ weight }) => wanted(weight)).map(({ token }) => ({ id: token.id }))
  switch (kind) {
    case 'logit-difference':
      return { plus: ids((weight) => weight > 0), minus: ids((weight) => weight < 0) }
    case 'continuation':
      return { continuation: { ids: terms.map(({ token }) => token.id) } }
    case 'cross-entropy': {
      const places = terms.map(({ position }) => position + 1)
      return { from: Math.min(...places), to: Math.max(...places) }
    }
    default:
      return { id }
  }
}

/** The tokens on one side of a logit difference. */
export const sideOf = (ranking: Pick<Ranking, 'target'>, side: 'plus' | 'minus'): Token[] =>
  ranking.target.kind === 'logit-difference'
    ? ranking.target.terms.filter(({ weight }) => (side === 'plus' ? weight > 0 : weight < 0)).map(({ token }) => token)
    : []

const ofOnePlace = (ranking: Ranking): boolean => ranking.target.kind !== 'continuation' && ranking.target.kind !== 'cross-entropy'
