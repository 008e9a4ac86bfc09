/** Questions that several experiments ask, as the page shows them. */
import type { ExperimentField } from '../../shared/records/experiment'
import { RANKING_METHODS } from './rank-prompt'

export const METHODS_FIELD: ExperimentField = {
  kind: 'choices',
  key: 'methods',
  label: 'Methods',
  hint: 'Whose rankings are compared.',
  options: [...RANKING_METHODS]
}

export const TOKEN_FIELD: ExperimentField = {
  kind: 'choice',
  key: 'token',
  label: 'Explained token',
  hint: 'The first token of the expected answer, or the token that the model itself puts first.',
  options: ['answer', 'greedy']
}

export const TARGET_FIELD = {
  kind: 'choice',
  key: 'target',
  label: 'Target',
  hint: 'What is explained of the token. “preset” takes what each method is usually used with.',
  options: ['probability', 'logit', 'log-probability', 'preset']
} satisfies ExperimentField

export const SUBSTITUTION_FIELD: ExperimentField = {
  kind: 'choice',
  key: 'substitution',
  label: 'At the hook point',
  hint: 'The reconstruction alone, as in the paper, or with the SAE’s error kept. Holds for rankings and for changed runs alike.',
  options: ['reconstruction', 'reconstruction+error']
}

export const SPECIAL_FIELD: ExperimentField = {
  kind: 'switch',
  key: 'includeSpecial',
  label: 'Count special tokens',
  hint: 'Whether positions of BOS and other special tokens count for scores.'
}

export const STEPS_FIELD: ExperimentField = {
  kind: 'number',
  key: 'steps',
  label: 'Steps of integrated gradients',
  hint: 'Points of the path.',
  min: 1,
  max: 1000,
  integer: true
}

export const RESAMPLES_FIELD: ExperimentField = {
  kind: 'number',
  key: 'resamples',
  label: 'Bootstrap resamples',
  hint: 'Of the prompts, for 95 % intervals.',
  min: 100,
  max: 10_000,
  integer: true
}

export const SEED_FIELD: ExperimentField = {
  kind: 'number',
  key: 'seed',
  label: 'Seed',
  hint: 'Of random orders and of the bootstrap.',
  min: 0,
  max: 2 ** 31 - 1,
  integer: true
}

/** `key`: how many latents; the list of the paper by default. */
export const COUNTS_FIELD: ExperimentField = {
  kind: 'numbers',
  key: 'counts',
  label: 'K',
  hint: 'How many latents are changed.',
  min: 1,
  max: 1000,
  integer: true
}

export const SHARES_FIELD: ExperimentField = {
  kind: 'numbers',
  key: 'shares',
  label: 'K in %',
  hint: 'Of the latents that are active at the last position, rounded down.',
  min: 0,
  max: 100
}

export const TOKENS_FIELD: ExperimentField = {
  kind: 'number',
  key: 'maxTokens',
  label: 'Longest answer',
  hint: 'In tokens; an answer also ends with its line.',
  min: 1,
  max: 256,
  integer: true
}

export const FILTER_FIELD: ExperimentField = {
  kind: 'choice',
  key: 'filter',
  label: 'Only questions that are answered right',
  hint: 'Before anything is changed, with the SAE spliced in: by exact match as the paper states it, by F1 of at least 0.9 as its code does, or all questions.',
  options: ['exact match', 'f1', 'none']
}
