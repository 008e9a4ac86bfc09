import { z } from 'zod'
import { SaeReading } from './model'
import { PreflightSummary } from './preflight'
import { NextToken, PromptInput, TextInput, Token } from './token'

/** The named methods: each a preset of the switches below (main/attribution/methods/). */
export const MethodName = z.enum([
  'gradsae',
  'attribution',
  'counterfactual',
  'integrated-gradients',
  'gradient',
  'mean-activation',
  'max-activation',
  'direct-logit',
  'exact',
  'random'
])
export type MethodName = z.infer<typeof MethodName>

/** What was written at the hook point while the gradient was taken. */
export const Substitution = z.enum(['reconstruction', 'reconstruction+error'])
export type Substitution = z.infer<typeof Substitution>

/**
 * How the contributions c of a latent at the N counted positions become its score (the sign rule): mean of relu(c), sum of c, sum of
 * |c|, mean of c, or the largest c.
 */
export const Aggregation = z.enum(['mean-relu', 'signed-sum', 'absolute-sum', 'mean', 'max'])
export type Aggregation = z.infer<typeof Aggregation>

/** Which positions count for scores and ablations: all, the last of the prompt, or from..to inclusive, counted from 0. */
export const PositionScope = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('last') }),
  z.object({ kind: z.literal('range'), from: z.number().int().nonnegative(), to: z.number().int().nonnegative() })
])
export type PositionScope = z.infer<typeof PositionScope>

/** What gradients do not flow through: attention patterns, the scales of norms (as circuit-tracer freezes them). */
export const Frozen = z.object({ attention: z.boolean(), norms: z.boolean() })
export type Frozen = z.infer<typeof Frozen>

/**
 * The scalar that is explained: of one token its probability, logit or log-probability; the mean logit of some tokens minus that of
 * others; the summed log-probability of a continuation, teacher-forced; the mean cross-entropy of a span of the prompt's own tokens.
 */
export const TargetKind = z.enum(['probability', 'logit', 'log-probability', 'logit-difference', 'continuation', 'cross-entropy'])
export type TargetKind = z.infer<typeof TargetKind>

export const TokenChoice = z.union([z.object({ id: z.number().int() }), z.object({ text: z.string() })])
export type TokenChoice = z.infer<typeof TokenChoice>

/**
 * What is asked for. null: the greedy next token of the model as the method runs it. {id} or {text}: one token. {plus, minus}: for
 * `logit-difference`. {continuation}: text or exact ids that follow the prompt, for `continuation`. {from, to}: for `cross-entropy`,
 * positions of the prompt's tokens that are predicted, inclusive; `from` is 1 at least.
 */
export const TargetInput = z.union([
  z.null(),
  z.object({ id: z.number().int() }),
  z.object({ text: z.string() }),
  z.object({ plus: z.array(TokenChoice).min(1).max(64), minus: z.array(TokenChoice).min(1).max(64) }),
  z.object({ continuation: TextInput }),
  z.object({ from: z.number().int().min(1), to: z.number().int().min(1) })
])
export type TargetInput = z.infer<typeof TargetInput>

/** One reading of the logits that a target is made of: value = sum over terms of weight x reading(position, token). */
export const TargetTerm = z.object({
  /** Index into the tokens that are run (prompt, and all but the last of a continuation). */
  position: z.number().int(),
  token: Token,
  weight: z.number(),
  logit: z.number(),
  probability: z.number()
})
export type TargetTerm = z.infer<typeof TargetTerm>

/** The switches of an attribution. What is absent is as the method's preset has it. */
export const AttributionSwitches = z.object({
  substitution: Substitution.optional(),
  aggregation: Aggregation.optional(),
  targetKind: TargetKind.optional(),
  /** All when absent. */
  scope: PositionScope.optional(),
  /** False leaves BOS and other special tokens out of scores and ablations. */
  includeSpecial: z.boolean().default(true),
  /** Nothing when absent. */
  frozen: Frozen.optional(),
  /** The position whose next token is explained; null and absent: the last one of the prompt. Not for continuation and cross-entropy. */
  position: z.number().int().nonnegative().nullable().optional(),
  /** Interpolation steps of integrated gradients; 16 when absent. */
  steps: z.number().int().min(1).max(1000).optional(),
  /** Seed of the random order; 0 when absent. */
  seed: z.number().int().optional()
})
export type AttributionSwitches = z.infer<typeof AttributionSwitches>

/** One latent of a ranking. Scores are in the target's unit. */
export const RankedLatent = z.object({
  latent: z.number().int(),
  score: z.number(),
  /** Largest and mean activation over the counted positions (mean over all of them, zeros included). */
  maxActivation: z.number(),
  meanActivation: z.number(),
  /** d target / d activation at the position of the largest activation. */
  gradient: z.number(),
  /** Signed first-order effect: sum over counted positions of activation x gradient. */
  signedSum: z.number(),
  /** Number of counted positions at which it is active. */
  positions: z.number().int(),
  /** Activation x this is in the units of Neuronpedia: |W_dec row| as stored, or 1 where activations have it in them (formats.md 2.6). */
  decoderNorm: z.number().default(1)
})
export type RankedLatent = z.infer<typeof RankedLatent>

/** All active (position, latent) pairs, column by column, ordered by position then latent. */
export const LatentEntries = z.object({
  position: z.instanceof(Int32Array),
  latent: z.instanceof(Int32Array),
  activation: z.instanceof(Float32Array),
  gradient: z.instanceof(Float32Array),
  /** What the pair adds to its latent's score; 0 at positions that are left out. */
  score: z.instanceof(Float32Array)
})
export type LatentEntries = z.infer<typeof LatentEntries>

/**
 * g . resid = latents + decoderBias + error, with g = d target / d hook value, resid the model's own value there,
 * latents = sum of activation x gradient over all active pairs, error = g . (resid - reconstruction).
 */
export const Identity = z.object({
  total: z.number(),
  latents: z.number(),
  decoderBias: z.number(),
  error: z.number(),
  /** |total - sum of parts| over the sum of the parts' absolute values. */
  relativeGap: z.number()
})
export type Identity = z.infer<typeof Identity>

/** explained = sum of all contributions (latents and error term); change = target at the end of the path minus target at its start. */
export const Completeness = z.object({ explained: z.number(), change: z.number(), gap: z.number() })
export type Completeness = z.infer<typeof Completeness>

/** True change of the target when a latent is zeroed at every counted position, beside the score it checks. */
export const ExactCheck = z.object({
  effects: z.array(
    z.object({
      latent: z.number().int(),
      score: z.number(),
      /** target before minus after. */
      exactEffect: z.number()
    })
  ),
  /** Correlation of score and exactEffect; null when either is constant or there are fewer than 3. */
  pearson: z.number().nullable(),
  spearman: z.number().nullable()
})
export type ExactCheck = z.infer<typeof ExactCheck>

/** Everything needed to say whether two rankings are comparable. */
export const Provenance = z.object({
  model: z.object({ name: z.string(), path: z.string(), hash: z.string(), family: z.string(), precision: z.string() }),
  sae: z.object({
    name: z.string(),
    path: z.string(),
    hash: z.string(),
    format: z.string(),
    architecture: z.string(),
    d_sae: z.number().int(),
    /** Every transformation applied on loading, in words. */
    notes: z.array(z.string()),
    /** How it was read where its files leave a choice; {} as they say. */
    reading: SaeReading.default({})
  }),
  /** What was known of the pair before it was used; null where no preflight was made. */
  preflight: PreflightSummary.nullable().default(null),
  hook: z.string(),
  /** The device asked for and the one used; they differ after a fallback. */
  device: z.object({ requested: z.string(), used: z.string() }),
  precision: z.string(),
  versions: z.record(z.string(), z.string()),
  createdAt: z.string(),
  milliseconds: z.number()
})
export type Provenance = z.infer<typeof Provenance>

export const RankingTarget = Token.extend({
  kind: TargetKind,
  /** Value of the differentiated scalar. */
  value: z.number(),
  probability: z.number(),
  logit: z.number(),
  chosenBy: z.enum(['greedy', 'user']),
  /** In words: `log-probability of " sad"`. The token above is that of the first term. */
  label: z.string().default(''),
  /** Empty in rankings saved before there were targets of several terms. */
  terms: z.array(TargetTerm).default([])
})
export type RankingTarget = z.infer<typeof RankingTarget>

/** The result of one attribution. */
export const Ranking = z.object({
  method: MethodName,
  substitution: Substitution,
  aggregation: Aggregation,
  /** False when BOS and other special tokens were left out of scores and ablations. */
  includeSpecial: z.boolean(),
  scope: PositionScope.default({ kind: 'all' }),
  frozen: Frozen.default({ attention: false, norms: false }),
  /** Formula, settings and the target's p in words. Empty in rankings saved before it was written. */
  formula: z.string().default(''),
  /** Integrated gradients: how many points of the path were taken; null of other methods. */
  steps: z.number().int().nullable().default(null),
  seed: z.number().int().nullable().default(null),
  prompt: PromptInput,
  /** The prompt whose activations are patched in, token by token; null where the baseline is zero. */
  counterfactual: PromptInput.nullable().default(null),
  /** The tokens that were run: the prompt's, and all but the last of a continuation. */
  tokens: z.array(Token),
  target: RankingTarget,
  /** Greedy top 10 of the model as the method runs it (substituted), and of the untouched model (none when they were not asked for). */
  top: z.array(NextToken),
  modelTop: z.array(NextToken),
  /** All active latents, best first. */
  latents: z.array(RankedLatent),
  entries: LatentEntries,
  identity: Identity,
  /** Of paths (integrated gradients, counterfactuals): how far the scores add up to the change they explain. */
  completeness: Completeness.nullable().default(null),
  /** What the error term contributes at each position, [positions]; empty where it is not part of the explanation. */
  errorEffects: z.array(z.number()).default([]),
  /** Fraction of variance unexplained (first position left out) and mean active latents per position. */
  fvu: z.number(),
  l0: z.number(),
  exact: ExactCheck.nullable(),
  warnings: z.array(z.string()),
  provenance: Provenance
})
export type Ranking = z.infer<typeof Ranking>
