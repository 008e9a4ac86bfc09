/**
 * Whether rankings may be read side by side, from what they say of their origin.
 *
 * Other latents: the numbers name different directions, so an aligned row means nothing. Other scores: ranks can be
 * compared, sizes cannot. Other question: a difference one may be comparing on purpose, but should know of.
 */
import { promptText } from '../../shared/prompt-text'
import type { Ranking } from '../../shared/records/ranking'
import type { PromptInput } from '../../shared/records/token'
import { shortHash } from './format'
import { freezeOf, FREEZES, scopeWords } from './switches'
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

/** Characters of a counterfactual that are shown: its end, where prompts usually differ. */
const COUNTERFACTUAL_END = 48

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
  { kind: 'scores', what: 'positions', key: ({ scope }) => scopeWords(scope) },
  { kind: 'scores', what: 'frozen', key: ({ frozen }) => FREEZES[freezeOf(frozen)].label },
  { kind: 'scores', what: 'steps', key: ({ steps }) => (steps === null ? 'none' : String(steps)) },
  {
    kind: 'scores',
    what: 'counterfactual',
    key: ({ counterfactual }) => JSON.stringify(counterfactual),
    show: ({ counterfactual }) => (counterfactual === null ? 'none' : promptWords(counterfactual))
  },
  { kind: 'question', what: 'target', key: targetKey, show: targetWords },
  {
    kind: 'question',
    what: 'prompt',
    key: ({ tokens }) => tokens.map(({ id }) => id).join(' '),
    show: ({ tokens }) => `${tokens.length} tokens, ending in ${tokens.slice(-3).map(visibleToken).join('')}`
  },
  { kind: 'question', what: 'precision', key: ({ provenance }) => provenance.precision },
  { kind: 'question', what: 'device', key: ({ provenance }) => provenance.device.used }
]

/**
 * What is asked for, whatever the kind of target: its tokens with their weights, and how far from the end of the prompt. One token after
 * the last position is its id alone, as in rankings saved before there were others.
 */
function targetKey({ target, tokens }: Ranking): string {
  const [first] = target.terms
  const last = target.terms[target.terms.length - 1]
  const fromEnd = last ? tokens.length - 1 - last.position : 0
  if (target.terms.length < 2 && fromEnd === 0) return String(target.id)
  return JSON.stringify([fromEnd, target.terms.map(({ token, weight, position }) => [token.id, weight, position - (first?.position ?? 0)])])
}

/** The target as one reads it beside others: the token, or what is made of several. */
export function targetWords({ target, tokens }: Ranking): string {
  const [first] = target.terms
  if (target.terms.length > 1 && target.label !== '') return target.label
  const elsewhere = first !== undefined && first.position !== tokens.length - 1
  return `${visibleToken(target)}${elsewhere ? ` after position ${first.position}` : ''}`
}

function promptWords(prompt: PromptInput): string {
  if ('ids' in prompt) return `${prompt.ids.length} token ids`
  const text = promptText(prompt)
  return text.length > COUNTERFACTUAL_END ? `… ${text.slice(-COUNTERFACTUAL_END)}` : text
}

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
