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

export const RECIPES_FIELD: ExperimentField = {
  kind: 'recipes',
  key: 'recipes',
  label: 'Recipes',
  hint: 'Recipes of the project that fit the SAE at work, as they are when the sweep begins.'
}

export const STRENGTHS_FIELD: ExperimentField = {
  kind: 'numbers',
  key: 'coefficients',
  label: 'Strengths',
  hint: 'Factors on what a recipe adds or sets; 1 is the recipe itself. 0, the baseline, always runs.',
  min: -1e6,
  max: 1e6
}

export const SEEDS_FIELD: ExperimentField = {
  kind: 'numbers',
  key: 'seeds',
  label: 'Seeds',
  hint: 'Of the texts; each runs on every prompt.',
  min: 0,
  max: 2 ** 31 - 1,
  integer: true
}

export const TEMPERATURE_FIELD: ExperimentField = {
  kind: 'number',
  key: 'temperature',
  label: 'Temperature',
  hint: '0 always takes the most probable token, whatever the seed.',
  min: 0,
  max: 10,
  integer: false
}

export const FLOOR_FIELD: ExperimentField = {
  kind: 'number',
  key: 'floor',
  label: 'Fluency kept',
  hint: 'Share of the baseline’s fluency below which a strength is too much.',
  min: 0,
  max: 1,
  integer: false
}

export const LENGTH_FIELD: ExperimentField = {
  kind: 'number',
  key: 'maxTokens',
  label: 'Tokens',
  hint: 'Generated for each text; a text may end before.',
  min: 1,
  max: 1024,
  integer: true
}

export const TOP_K_FIELD: ExperimentField = {
  kind: 'number',
  key: 'topK',
  label: 'Top k',
  hint: '0 keeps all tokens.',
  min: 0,
  max: 1e6,
  integer: true
}

export const TOP_P_FIELD: ExperimentField = {
  kind: 'number',
  key: 'topP',
  label: 'Top p',
  hint: '1 keeps all tokens.',
  min: 0.001,
  max: 1,
  integer: false
}

export const WATCHED_FIELD: ExperimentField = {
  kind: 'text',
  key: 'target',
  label: 'Watched token',
  hint: 'Its probability along the texts; one token with its space, or nothing.'
}

export const PROMOTED_FIELD = {
  kind: 'number',
  key: 'promoted',
  label: 'Promoted tokens',
  hint: 'So many tokens that a recipe’s first latent promotes count as its concept.',
  min: 1,
  max: 1000,
  integer: true
} satisfies ExperimentField

export const KEYWORDS_FIELD: ExperimentField = {
  kind: 'text',
  key: 'keywords',
  label: 'Keywords',
  hint: 'Words that count as the concept too, parted by commas.'
}

export const PATTERN_FIELD: ExperimentField = {
  kind: 'text',
  key: 'pattern',
  label: 'Pattern',
  hint: 'A regular expression (RE2) whose matches count too.'
}

export const RELATEDNESS_FIELD: ExperimentField = {
  kind: 'switch',
  key: 'relatedness',
  label: 'Score relatedness',
  hint: 'How much more probable a text is after its own prompt than after up to eight others of the set.'
}
