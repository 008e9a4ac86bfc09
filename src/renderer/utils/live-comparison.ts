/** A comparison while it streams, as values: columns that grow, and the record of a run that was stopped. */
import type { Comparison, ComparisonColumn, GeneratedToken, Recipe } from '../../shared/records/steering'
import type { ColumnMeasures } from '../../shared/records/scores'

/** One column as the window shows it: growing, finished or stopped. */
export interface LiveColumn {
  recipe: Recipe | null
  tokens: readonly GeneratedToken[]
  finished: ComparisonColumn['finished'] | null
  scores: ComparisonColumn['scores']
  /** Null before they are taken, where they were not asked for, and in comparisons saved before there were any. */
  measures: ColumnMeasures | null
}

/** A token as it comes. */
export interface StreamedToken {
  column: number
  index: number
  token: GeneratedToken
}

/** Empty columns for a run: the baseline, then one per recipe. */
export function emptyColumns(recipes: readonly Recipe[]): LiveColumn[] {
  return [null, ...recipes].map((recipe) => ({ recipe, tokens: [], finished: null, scores: null, measures: null }))
}

/**
 * The columns with the streamed tokens appended. Columns that got none stay the same objects, so that only what grew is
 * drawn again. Tokens are placed by their index, whatever order they come in.
 */
export function appendTokens(columns: readonly LiveColumn[], streamed: readonly StreamedToken[]): LiveColumn[] {
  return columns.map((column, at) => {
    const fresh = streamed.filter((each) => each.column === at)
    if (fresh.length === 0) return column
    const tokens = [...column.tokens]
    for (const { index, token } of fresh) tokens[index] = token
    return { ...column, tokens }
  })
}

/** The columns of a finished record. */
export function columnsOf(comparison: Comparison): LiveColumn[] {
  return comparison.columns.map(({ recipe, tokens, finished, scores, measures = null }) => ({ recipe, tokens, finished, scores, measures }))
}

/** Columns of a run that was stopped, as a record keeps them: what streamed stays, and what was finished before stays whole. */
export function stoppedColumns(columns: readonly LiveColumn[]): ComparisonColumn[] {
  return columns.map(({ recipe, tokens, finished, scores, measures }) => ({
    recipe,
    tokens: [...tokens],
    text: tokens.map(({ text, hex }) => (hex === undefined ? text : '\ufffd')).join(''),
    finished: finished ?? 'cancelled',
    scores,
    ...(measures ? { measures } : {})
  }))
}

/**
 * The columns of a run of some recipes among columns that are kept: each of `run` in the place it has in `order` (recipe ids), empty until it streams;
 * the others as they were. `kept` begins with the baseline.
 */
export function mergedColumns(kept: readonly LiveColumn[], run: readonly Recipe[], order: readonly string[]): LiveColumn[] {
  const fresh = emptyColumns(run).slice(1)
  return order.reduce<LiveColumn[]>(
    (columns, id) => {
      const column = fresh.find(({ recipe }) => recipe?.id === id) ?? kept.find(({ recipe }) => recipe?.id === id)
      return column ? [...columns, column] : columns
    },
    kept.slice(0, 1)
  )
}

/**
 * The record of `before` with the columns of `fresh` put in, in the order of `order` (recipe ids). Null where the two do not go together: another
 * prompt, or a baseline with other tokens, so that columns of one would stand beside a baseline that is not theirs.
 */
export function mergedRecord(before: Comparison, fresh: Comparison, order: readonly string[]): Comparison | null {
  const [old, again] = [before.columns[0], fresh.columns[0]]
  if (!old || !again || !sameIds(before.promptTokens, fresh.promptTokens) || !sameIds(old.tokens, again.tokens)) return null
  const columnOf = (id: string, from: Comparison): ComparisonColumn | undefined => from.columns.find(({ recipe }) => recipe?.id === id)
  const columns = order.flatMap((id) => columnOf(id, fresh) ?? columnOf(id, before) ?? [])
  const milliseconds = before.provenance.milliseconds + fresh.provenance.milliseconds
  return { ...fresh, columns: [again, ...columns], provenance: { ...fresh.provenance, milliseconds } }
}

function sameIds(a: readonly { id: number }[], b: readonly { id: number }[]): boolean {
  return a.length === b.length && a.every(({ id }, at) => id === b[at]?.id)
}

/** Index of the first token that is not the baseline's, which may have ended there; null where all are the same so far. */
export function firstDivergence(baseline: readonly { id: number }[], tokens: readonly { id: number }[]): number | null {
  const at = tokens.findIndex(({ id }, index) => id !== baseline[index]?.id)
  return at < 0 ? null : at
}

/** Probability of the watched token at the last generated token's place; null when none is watched or nothing came. */
export function finalTarget({ tokens }: Pick<LiveColumn, 'tokens'>): number | null {
  return tokens[tokens.length - 1]?.targetProbability ?? null
}

/** Mean KL(steered || unsteered) over the generated tokens, in nats; null before it is measured. */
export function meanKl({ scores }: Pick<LiveColumn, 'scores'>): number | null {
  return scores && scores.kl.length > 0 ? scores.kl.reduce((sum, kl) => sum + kl, 0) / scores.kl.length : null
}

/** A name for a comparison: the end of its prompt and what stands beside the baseline. */
export function comparisonName(promptName: string, promptText: string, recipes: readonly Recipe[]): string {
  const words = promptText.trim().split(/\s+/)
  const prompt = promptName || (words.length > 4 ? `… ${words.slice(-4).join(' ')}` : words.join(' '))
  const names = recipes.map(({ name }) => name)
  const beside = names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ')
  return beside === '' ? `${prompt}: baseline` : `${prompt}: ${beside}`
}

/** Another seed, never the one before. Seeds stay short so that they can be read out and typed. */
export function anotherSeed(seed: number, random: () => number = Math.random): number {
  const next = 1 + Math.floor(random() * 99_998)
  return next >= seed && seed >= 1 && seed <= 99_999 ? next + 1 : next
}
