import { z } from 'zod'
import { SaeReading } from './model'
import { PreflightSummary } from './preflight'
import { PromptInput, Token } from './token'
import { ColumnMeasures, ConceptSettings } from './scores'

export const InterventionMode = z.enum(['add', 'set', 'scale', 'ablate', 'clamp', 'project', 'cap'])
export type InterventionMode = z.infer<typeof InterventionMode>

export const InterventionPositions = z.enum(['all', 'prompt', 'generated', 'last', 'range'])
export type InterventionPositions = z.infer<typeof InterventionPositions>

/**
 * What a coefficient of 1 stands for.
 * add: `row` the direction as stored (a latent's decoder row), `unit-row` the direction divided by its norm, `residual` as much of the
 * divided direction as the hook value at that position is long, `max` and `typical` the direction times `unitValue` (the latent's largest or
 * typical activation as it was known when the recipe was made), `largest` the direction times the largest activation over all latents at that position.
 * set, clamp: `row` plain activation; `max`, `typical`, `largest` multiples as above. cap: `row` and `unit-row` the projection on the
 * divided direction; `residual` its share of the hook value's norm. scale, project: a plain factor (`row`).
 */
export const CoefficientUnit = z.enum(['row', 'unit-row', 'residual', 'max', 'typical', 'largest'])
export type CoefficientUnit = z.infer<typeof CoefficientUnit>

/** Where something must hold for an edit to act at a position. */
export const EditCondition = z.discriminatedUnion('kind', [
  z.object({
    /** A latent's activation at that position in the run itself. Its hook point must not come after the edit's. */
    kind: z.literal('activation'),
    /** Hash of one of the recipe's SAEs; absent: the SAE of the bench. */
    sae: z.string().optional(),
    latent: z.number().int().nonnegative(),
    is: z.enum(['above', 'below']),
    bound: z.number()
  }),
  z.object({
    /** Probability of a token as the next one after that position, as the unsteered model sees the same text. */
    kind: z.literal('probability'),
    token: Token,
    is: z.enum(['above', 'below']),
    bound: z.number().min(0).max(1)
  })
])
export type EditCondition = z.infer<typeof EditCondition>

/** One edit at a hook point: of a latent of an SAE, or along a raw direction. What is absent is as it usually is. */
export const Intervention = z.object({
  /** Hash of one of the recipe's SAEs; absent: the SAE that the bench is opened with. */
  sae: z.string().optional(),
  /** Id of one of the recipe's directions, which is edited instead of a latent. */
  direction: z.string().optional(),
  /** 0 where a direction is edited. */
  latent: z.number().int().nonnegative(),
  /**
   * x: hook value, r: the latent's decoder row or the direction, r̂ = r / ||r||, a: the latent's activation.
   * add: x + coefficient x unit x r;  set: a := coefficient;  scale: a := coefficient x a;  ablate: a := 0;
   * clamp: a kept from coefficient to `upper`;
   * project: the part of x along r̂ times coefficient (0 projects it out);  cap: the part of x along r̂ kept at most at coefficient.
   * set, scale, ablate and clamp are of latents only.
   */
  mode: InterventionMode,
  coefficient: z.number(),
  /** Of clamp; without a bound when absent. */
  upper: z.number().optional(),
  /** `row` when absent. */
  unit: CoefficientUnit.optional(),
  /** What `max` and `typical` stand for. */
  unitValue: z.number().optional(),
  /** "last" is the last position of the prompt and, while generating, each newest position. */
  positions: InterventionPositions,
  /** First and last position of "range", counted from 0 along prompt and text, both included. */
  range: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]).optional(),
  /** Always, when absent. */
  condition: EditCondition.optional()
})
export type Intervention = z.infer<typeof Intervention>

/** An SAE, besides the bench's own, whose latents a recipe edits. */
export const RecipeSae = z.object({
  name: z.string(),
  path: z.string(),
  hash: z.string(),
  /** Where it is used; null: where its folder says. */
  hook: z.string().nullable(),
  reading: SaeReading
})
export type RecipeSae = z.infer<typeof RecipeSae>

/** A raw direction at a hook point. */
export const Direction = z.object({
  id: z.string(),
  name: z.string(),
  hook: z.string(),
  /** float32, little-endian, as base64: [width of the hook point]. */
  vector: z.string(),
  /** Where it comes from, in words: "mean of 12 prompts of joy minus mean of 14 of sorrow, last position". */
  origin: z.string()
})
export type Direction = z.infer<typeof Direction>

/** A named list of interventions: one column of a comparison. */
export const Recipe = z.object({
  id: z.string(),
  name: z.string(),
  interventions: z.array(Intervention),
  /**
   * True keeps the SAE's error term: the hook value changes only by the edits.
   * False writes the edited reconstruction alone, at every position, at each SAE that an intervention names (the bench's own if none does).
   */
  keepError: z.boolean(),
  /** SAEs besides the bench's own. */
  saes: z.array(RecipeSae).optional(),
  directions: z.array(Direction).optional(),
  /** Whether positions of BOS and other special tokens are edited too; true when absent. */
  editSpecial: z.boolean().optional(),
  /** Whether attention looks where the unsteered model looks on the same text; false when absent. */
  freezeAttention: z.boolean().optional()
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
  targetProbability: z.number().nullable(),
  /** Probabilities of the other watched tokens at this step, in their order. */
  watched: z.array(z.number()).optional(),
  /** ||edited - before|| / ||before|| of the hook value from which this token was chosen, the largest over hook points; 0 without edits. */
  editSize: z.number().optional()
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
  /** `editSize` at each token of the prompt. */
  promptEditSizes: z.array(z.number()).optional(),
  scores: ColumnScores.nullable(),
  /** Concept, fluency, relatedness and what the edit did to latents; null where they were not asked for. */
  measures: ColumnMeasures.nullable().optional()
})
export type ComparisonColumn = z.infer<typeof ComparisonColumn>

/** Baseline and N recipes on one prompt and seed. */
export const Comparison = z.object({
  prompt: PromptInput,
  promptTokens: z.array(Token),
  settings: GenerationSettings,
  target: Token.nullable(),
  /** Tokens besides the target whose probabilities are watched. */
  watched: z.array(Token).optional(),
  /** What the columns' concept scores are about; null where none were asked for. */
  concept: ConceptSettings.nullable().optional(),
  /** How `measures` come about, in words, one line each; there where there are measures. */
  formula: z.array(z.string()).optional(),
  /** Labels that latents of recipes, concept and `measures` had when it was saved; `sae` is a hash, absent for the SAE of the bench. */
  labels: z.array(z.object({ sae: z.string().optional(), latent: z.number().int(), label: z.string() })).optional(),
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
    /** Further SAEs whose latents recipes name, and the hook points where they were used. */
    others: z
      .array(
        z.object({
          name: z.string(),
          path: z.string(),
          hash: z.string(),
          hook: z.string(),
          notes: z.array(z.string()),
          reading: SaeReading
        })
      )
      .optional(),
    device: z.object({ requested: z.string(), used: z.string() }),
    versions: z.record(z.string(), z.string()),
    createdAt: z.string(),
    milliseconds: z.number()
  })
})
export type Comparison = z.infer<typeof Comparison>
