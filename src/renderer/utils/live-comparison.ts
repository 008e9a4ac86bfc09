/** A comparison while it streams, as values: columns that grow, and the record of a run that was stopped. */
import type { Comparison, ComparisonColumn, GeneratedToken, Recipe } from '../../shared/records/steering'

/** One column as the window shows it: growing, finished or stopped. */
export interface LiveColumn {
  recipe: Recipe | null
  tokens: readonly GeneratedToken[]
  finished: ComparisonColumn['finished'] | null
  scores: ComparisonColumn['scores']
}

/** A token as it comes. */
export interface StreamedToken {
  column: number
  index: number
  token: GeneratedToken
}

/** Empty columns for a run: the baseline, then one per recipe. */
export function emptyColumns(recipes: readonly Recipe[]): LiveColumn[] {
  return [null, ...recipes].map((recipe) => ({ recipe, tokens: [], finished: null, scores: null }))
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
  return comparison.columns.map(({ recipe, tokens, finished, scores }) => ({ recipe, tokens, finished, scores }))
}

/** Columns of a run that was stopped, as a record keeps them: what streamed stays, nothing is scored. */
export function stoppedColumns(columns: readonly LiveColumn[]): ComparisonColumn[] {
  return columns.map(({ recipe, tokens }) => ({
    recipe,
    tokens: [...tokens],
    text: tokens.map(({ text, hex }) => (hex === undefined ? text : '\ufffd')).join(''),
    finished: 'cancelled',
    scores: null
  }))
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
