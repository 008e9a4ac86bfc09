import { z } from 'zod'
import { SaeReading } from './model'
import { PreflightSummary } from './preflight'
import { NextToken, PromptInput, Token } from './token'

export const MethodName = z.enum(['gradsae', 'attribution'])
export type MethodName = z.infer<typeof MethodName>

/** What was written at the hook point while the gradient was taken. */
export const Substitution = z.enum(['reconstruction', 'reconstruction+error'])
export type Substitution = z.infer<typeof Substitution>

/** How (position, latent) scores become one score per latent. */
export const Aggregation = z.enum(['mean-relu', 'signed-sum'])
export type Aggregation = z.infer<typeof Aggregation>

export const TargetKind = z.enum(['probability', 'logit'])
export type TargetKind = z.infer<typeof TargetKind>

/** The chosen token; null takes the greedy next token of the model as the method runs it. */
export const TargetInput = z.union([z.null(), z.object({ id: z.number().int() }), z.object({ text: z.string() })])
export type TargetInput = z.infer<typeof TargetInput>

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
  chosenBy: z.enum(['greedy', 'user'])
})
export type RankingTarget = z.infer<typeof RankingTarget>

/** The result of one attribution. */
export const Ranking = z.object({
  method: MethodName,
  substitution: Substitution,
  aggregation: Aggregation,
  /** False when BOS and other special tokens were left out of scores and ablations. */
  includeSpecial: z.boolean(),
  prompt: PromptInput,
  tokens: z.array(Token),
  target: RankingTarget,
  /** Greedy top 10 of the model as the method runs it (substituted), and of the untouched model (none when they were not asked for). */
  top: z.array(NextToken),
  modelTop: z.array(NextToken),
  /** All active latents, best first. */
  latents: z.array(RankedLatent),
  entries: LatentEntries,
  identity: Identity,
  /** Fraction of variance unexplained (first position left out) and mean active latents per position. */
  fvu: z.number(),
  l0: z.number(),
  exact: ExactCheck.nullable(),
  warnings: z.array(z.string()),
  provenance: Provenance
})
export type Ranking = z.infer<typeof Ranking>
