import { z } from 'zod'
import { SaeReading } from './model'
import { PreflightSummary } from './preflight'
import { PromptInput, Token } from './token'

export const InterventionMode = z.enum(['add', 'set', 'scale', 'ablate'])
export type InterventionMode = z.infer<typeof InterventionMode>

export const InterventionPositions = z.enum(['all', 'prompt', 'generated', 'last'])
export type InterventionPositions = z.infer<typeof InterventionPositions>

/** One edit at the SAE's hook point. */
export const Intervention = z.object({
  latent: z.number().int().nonnegative(),
  /**
   * add: hook value + coefficient x W_dec[latent] (raw decoder row);
   * set: activation := coefficient; scale: activation x coefficient; ablate: activation := 0.
   */
  mode: InterventionMode,
  coefficient: z.number(),
  /** "last" is the last position of the prompt and, while generating, each newest position. */
  positions: InterventionPositions
})
export type Intervention = z.infer<typeof Intervention>

/** A named list of interventions: one column of a comparison. */
export const Recipe = z.object({
  id: z.string(),
  name: z.string(),
  interventions: z.array(Intervention),
  /**
   * True keeps the SAE's error term: the hook value changes only by the edits.
   * False writes the edited reconstruction alone, at every position.
   */
  keepError: z.boolean()
})
export type Recipe = z.infer<typeof Recipe>

/** Sampling settings. Temperature 0 is greedy. */
export const GenerationSettings = z.object({
  maxTokens: z.number().int().min(1).max(4096),
  temperature: z.number().min(0).max(10),
  topK: z.number().int().min(0).describe('0 keeps all'),
  topP: z.number().gt(0).max(1),
  seed: z.number().int(),
  /** End at the model's end-of-text token. */
  stopAtEnd: z.boolean()
})
export type GenerationSettings = z.infer<typeof GenerationSettings>

export const DEFAULT_GENERATION: GenerationSettings = { maxTokens: 60, temperature: 0, topK: 0, topP: 1, seed: 1, stopAtEnd: true }

/** One generated token. `logprob` is its log-probability under the run that made it, before temperature and cuts. */
export const GeneratedToken = Token.extend({
  logprob: z.number(),
  /** Probability of the watched target token at this step, before temperature and cuts; null when none is watched. */
  targetProbability: z.number().nullable()
})
export type GeneratedToken = z.infer<typeof GeneratedToken>

/** Numbers of one column, aligned with its generated tokens; taken by a second pass over the finished text. */
export const ColumnScores = z.object({
  /** Log-probability of each generated token under the unsteered model. */
  baselineLogprob: z.array(z.number()),
  /** KL(steered || unsteered) of the next-token distribution at each generated token's place, in nats. */
  kl: z.array(z.number()),
  /** exp of minus the mean of baselineLogprob. */
  perplexity: z.number()
})
export type ColumnScores = z.infer<typeof ColumnScores>

/** One column of a comparison: the baseline (recipe null) or a recipe. */
export const ComparisonColumn = z.object({
  recipe: Recipe.nullable(),
  tokens: z.array(GeneratedToken),
  text: z.string(),
  finished: z.enum(['length', 'end', 'cancelled']),
  scores: ColumnScores.nullable()
})
export type ComparisonColumn = z.infer<typeof ComparisonColumn>

/** Baseline and N recipes on one prompt and seed. */
export const Comparison = z.object({
  prompt: PromptInput,
  promptTokens: z.array(Token),
  settings: GenerationSettings,
  target: Token.nullable(),
  columns: z.array(ComparisonColumn),
  provenance: z.object({
    model: z.object({ name: z.string(), path: z.string(), hash: z.string() }),
    sae: z
      .object({
        name: z.string(),
        path: z.string(),
        hash: z.string(),
        /** Every transformation applied on loading, in words. */
        notes: z.array(z.string()).default([]),
        /** How it was read where its files leave a choice; {} as they say. */
        reading: SaeReading.default({})
      })
      .nullable(),
    /** What was known of the pair before it was used; null where no preflight was made. */
    preflight: PreflightSummary.nullable().default(null),
    hook: z.string().nullable(),
    device: z.object({ requested: z.string(), used: z.string() }),
    versions: z.record(z.string(), z.string()),
    createdAt: z.string(),
    milliseconds: z.number()
  })
})
export type Comparison = z.infer<typeof Comparison>
