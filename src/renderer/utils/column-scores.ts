/** The numbers of a column that columns can be sorted by, with what they mean. */
import { meanKl, type LiveColumn } from './live-comparison'

export type ColumnScoreId = 'overall' | 'concept' | 'fluency' | 'relatedness' | 'perplexity' | 'kl'

export interface ColumnScore {
  readonly id: ColumnScoreId
  /** As it stands in a column. */
  readonly name: string
  /** Formula, unit, and which way is better. */
  readonly hint: string
  /** Sorted from large to small. */
  readonly descending: boolean
  /** True for scores from 0 to 2, which are taken only where they are asked for. */
  readonly judged: boolean
  /** Null where it was not measured. */
  readonly of: (column: Pick<LiveColumn, 'scores' | 'measures'>) => number | null
}

const SCALE = 'from 0 to 2, higher is better'

export const COLUMN_SCORES: readonly ColumnScore[] = [
  {
    id: 'overall',
    name: 'overall',
    hint: `Harmonic mean of concept, fluency and relatedness, of those that were measured, ${SCALE}: n / Σ 1/score, and 0 if one of them is 0 (AxBench).`,
    descending: true,
    judged: true,
    of: ({ measures }) => measures?.overall ?? null
  },
  {
    id: 'concept',
    name: 'concept',
    hint: `How much of the concept is in the text beyond the baseline’s, ${SCALE}: 2 × (1 − Π (1 − sign)), the signs being promoted tokens, the latent’s activation when the unsteered model reads the text, and keywords.`,
    descending: true,
    judged: true,
    of: ({ measures }) => measures?.concept?.value ?? null
  },
  {
    id: 'fluency',
    name: 'fluency',
    hint: `How fluent the text still is, ${SCALE}: 2 × min(1, perplexity of the baseline / perplexity) × (1 − repetition).`,
    descending: true,
    judged: true,
    of: ({ measures }) => measures?.fluency.value ?? null
  },
  {
    id: 'relatedness',
    name: 'related',
    hint: `Whether the text still belongs to its prompt, ${SCALE}: 2 / (1 + exp(−4 × (log p given the prompt − given other prompts − 0.5))), log p per token.`,
    descending: true,
    judged: true,
    of: ({ measures }) => measures?.relatedness?.value ?? null
  },
  {
    id: 'perplexity',
    name: 'perplexity',
    hint: 'exp of minus the mean log-probability of this text’s tokens under the unsteered model. Low: the unsteered model finds the text likely.',
    descending: false,
    judged: false,
    of: ({ scores }) => scores?.perplexity ?? null
  },
  {
    id: 'kl',
    name: 'mean KL',
    hint: 'KL(steered ‖ unsteered) of the next-token distribution, in nats, averaged over the generated positions: how strongly the recipe acts.',
    descending: true,
    judged: false,
    of: meanKl
  }
]

/** The score of that name. */
export function columnScore(id: ColumnScoreId): ColumnScore | null {
  return COLUMN_SCORES.find((each) => each.id === id) ?? null
}
