/**
 * Every token of comparisons with its numbers, as rows: one per position of each column, the prompt's first. What is not known of a token
 * is null: a prompt's tokens were not chosen, so they have no probabilities; what was not measured or watched has none either.
 */
import type { SavedComparison } from '../../shared/records/project'
import type { Comparison, ComparisonColumn, GeneratedToken } from '../../shared/records/steering'
import type { Token } from '../../shared/records/token'
import { knownIn, recipeLine } from './comparison/words'

export type TokenCell = string | number | boolean | null

/** A column of the table. Whole numbers fit 32 bits. */
export interface TokenColumn {
  readonly name: string
  readonly type: 'string' | 'int32' | 'float64' | 'bool'
  readonly nullable: boolean
  of(at: TokenPlace): TokenCell
}

/** One position of one column of a comparison. */
export interface TokenPlace {
  readonly saved: Pick<SavedComparison, 'id' | 'name' | 'comparison'>
  readonly column: number
  readonly recipe: { readonly name: string; readonly words: string } | null
  /** Counted from 0 along prompt and text. */
  readonly position: number
  readonly token: Token
  /** The same where it was generated, with its numbers. */
  readonly generated: GeneratedToken | null
  readonly baselineLogprob: number | null
  readonly kl: number | null
  readonly editSize: number | null
}

const textOf = ({ hex, text }: Pick<Token, 'hex' | 'text'>): string => hex ?? text

const column = (name: string, type: TokenColumn['type'], of: TokenColumn['of']): TokenColumn => ({ name, type, nullable: false, of })
const nullable = (name: string, type: TokenColumn['type'], of: TokenColumn['of']): TokenColumn => ({ name, type, nullable: true, of })

const ALWAYS: readonly TokenColumn[] = [
  column('comparison_id', 'string', ({ saved }) => saved.id),
  column('comparison', 'string', ({ saved }) => saved.name),
  column('column', 'int32', (at) => at.column),
  nullable('recipe', 'string', ({ recipe }) => recipe?.name ?? null),
  nullable('edits', 'string', ({ recipe }) => recipe?.words ?? null),
  column('position', 'int32', ({ position }) => position),
  column('generated', 'bool', ({ generated }) => generated !== null),
  column('token_id', 'int32', ({ token }) => token.id),
  column('token', 'string', ({ token }) => textOf(token)),
  column('is_bytes', 'bool', ({ token }) => token.hex !== undefined),
  column('special', 'bool', ({ token }) => token.special),
  nullable('logprob', 'float64', ({ generated }) => generated?.logprob ?? null),
  nullable('baseline_logprob', 'float64', ({ baselineLogprob }) => baselineLogprob),
  nullable('kl', 'float64', ({ kl }) => kl),
  nullable('edit_size', 'float64', ({ editSize }) => editSize),
  nullable('target', 'string', ({ saved }) => saved.comparison.target && textOf(saved.comparison.target)),
  nullable('target_probability', 'float64', ({ generated }) => generated?.targetProbability ?? null)
]

/** How many tokens a comparison watches besides its target. */
export const watchedIn = ({ watched = [] }: Comparison): number => watched.length

/** The columns of a table in which `watched` further tokens have room, each with its text and its probability. */
export function tokenColumns(watched: number): TokenColumn[] {
  const more = Array.from({ length: watched }, (_, index) => [
    nullable(`watched_${index + 1}`, 'string', ({ saved }) => {
      const token = saved.comparison.watched?.[index]
      return token === undefined ? null : textOf(token)
    }),
    nullable(`watched_${index + 1}_probability`, 'float64', ({ generated }) => generated?.watched?.[index] ?? null)
  ])
  return [...ALWAYS, ...more.flat()]
}

/** Every position of every column, column after column; column 0 is the baseline. */
export function tokenPlaces(saved: TokenPlace['saved']): TokenPlace[] {
  return saved.comparison.columns.flatMap((each, index) => placesOf(saved, each, index))
}

function placesOf(saved: TokenPlace['saved'], given: ComparisonColumn, index: number): TokenPlace[] {
  const { comparison } = saved
  const { scores, promptEditSizes } = given
  const recipe = given.recipe && { name: given.recipe.name, words: recipeLine(given.recipe, knownIn(comparison, given.recipe)) }
  const shared = { saved, column: index, recipe }
  const prompt = comparison.promptTokens.map((token, position) => ({
    ...shared,
    position,
    token,
    generated: null,
    baselineLogprob: null,
    kl: null,
    editSize: promptEditSizes?.[position] ?? null
  }))
  const text = given.tokens.map((token, at) => ({
    ...shared,
    position: prompt.length + at,
    token,
    generated: token,
    baselineLogprob: scores?.baselineLogprob[at] ?? null,
    kl: scores?.kl[at] ?? null,
    editSize: token.editSize ?? null
  }))
  return [...prompt, ...text]
}

/** The cells of a place by the names of the columns. */
export function tokenRow(place: TokenPlace, columns: readonly TokenColumn[]): Record<string, TokenCell> {
  return Object.fromEntries(columns.map(({ name, of }) => [name, of(place)]))
}
