/**
 * Whether rankings may be read side by side, from what they say of their origin.
 *
 * Other latents: the numbers name different directions, so an aligned row means nothing. Other scores: ranks can be
 * compared, sizes cannot. Other question: a difference one may be comparing on purpose, but should know of.
 */
import type { Ranking } from '../../shared/records/ranking'
import { shortHash } from './format'
import { visibleToken } from './tokens'

export type DifferenceKind = 'latents' | 'scores' | 'question'

export interface Difference {
  kind: DifferenceKind
  /** What differs, as a person calls it. */
  what: string
  /** One per ranking. */
  values: string[]
}

interface Aspect {
  kind: DifferenceKind
  what: string
  /** What must be equal. */
  key: (ranking: Ranking) => string
  /** What is shown; the key itself when absent. */
  show?: (ranking: Ranking) => string
}

const ASPECTS: readonly Aspect[] = [
  {
    kind: 'latents',
    what: 'SAE',
    key: ({ provenance }) => provenance.sae.hash,
    show: ({ provenance }) => `${provenance.sae.name} (${shortHash(provenance.sae.hash)})`
  },
  {
    kind: 'latents',
    what: 'model',
    key: ({ provenance }) => provenance.model.hash,
    show: ({ provenance }) => `${provenance.model.name} (${shortHash(provenance.model.hash)})`
  },
  { kind: 'latents', what: 'hook point', key: ({ provenance }) => provenance.hook },
  { kind: 'scores', what: 'method', key: ({ method }) => method },
  { kind: 'scores', what: 'substitution', key: ({ substitution }) => substitution },
  { kind: 'scores', what: 'aggregation', key: ({ aggregation }) => aggregation },
  { kind: 'scores', what: 'kind of target', key: ({ target }) => target.kind },
  { kind: 'scores', what: 'special tokens', key: ({ includeSpecial }) => (includeSpecial ? 'counted' : 'left out') },
  { kind: 'question', what: 'target token', key: ({ target }) => String(target.id), show: ({ target }) => visibleToken(target) },
  {
    kind: 'question',
    what: 'prompt',
    key: ({ tokens }) => tokens.map(({ id }) => id).join(' '),
    show: ({ tokens }) => `${tokens.length} tokens, ending in ${tokens.slice(-3).map(visibleToken).join('')}`
  },
  { kind: 'question', what: 'precision', key: ({ provenance }) => provenance.precision },
  { kind: 'question', what: 'device', key: ({ provenance }) => provenance.device.used }
]

/** What differs between the rankings, gravest first; empty for one ranking or none. */
export function differences(rankings: readonly Ranking[]): Difference[] {
  return ASPECTS.filter(({ key }) => new Set(rankings.map(key)).size > 1).map(({ kind, what, key, show }) => ({
    kind,
    what,
    values: rankings.map(show ?? key)
  }))
}

/** One sentence per kind of difference: what it means for reading them side by side. */
export const DIFFERENCE_MEANS: Record<DifferenceKind, string> = {
  latents: 'The same number is not the same latent in these rankings, so aligned rows, overlap and rank changes mean nothing.',
  scores: 'Scores are not on one scale. Ranks, overlap and Spearman can be compared; sizes cannot.',
  question: 'They answer different questions. That may be just what you are comparing.'
}
