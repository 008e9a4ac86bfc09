/** Prompt sets, and attributions run over them. */
import { z } from 'zod'
import { AttributionSwitches, MethodName, Provenance, TargetInput } from './ranking'
import { PromptInput, Token } from './token'

/** One prompt of a set. */
export const SetPrompt = z.object({
  /** Unique in its set: the file's own id, else the number of its row. */
  id: z.string(),
  prompt: PromptInput,
  /** The expected answer as text that follows the prompt. */
  answer: z.string().nullable().default(null),
  /** What it asks; null leaves it to the run's settings. */
  target: TargetInput.default(null),
  counterfactual: PromptInput.nullable().default(null),
  /** A name shared by prompts that are compared as one side ("sad" against "happy"). */
  group: z.string().nullable().default(null),
  /** A name shared by prompts that say the same in other words. */
  paraphrase: z.string().nullable().default(null)
})
export type SetPrompt = z.infer<typeof SetPrompt>

export const PromptSetSummary = z.object({
  id: z.string(),
  name: z.string(),
  /** The file it came from, or the project's group. */
  source: z.string(),
  prompts: z.number().int(),
  groups: z.array(z.string()),
  notes: z.string(),
  createdAt: z.string()
})
export type PromptSetSummary = z.infer<typeof PromptSetSummary>

/** Which columns of a file hold what; null: none. Prompts are in `prompt`. */
export const SetColumns = z.object({
  prompt: z.string(),
  id: z.string().nullable().default(null),
  answer: z.string().nullable().default(null),
  target: z.string().nullable().default(null),
  counterfactual: z.string().nullable().default(null),
  group: z.string().nullable().default(null),
  paraphrase: z.string().nullable().default(null)
})
export type SetColumns = z.infer<typeof SetColumns>

/** What is asked of every prompt that does not ask for something itself: the greedy token, or its answer. */
export const SetTarget = z.enum(['greedy', 'answer'])
export type SetTarget = z.infer<typeof SetTarget>

export const SetSettings = AttributionSwitches.extend({ method: MethodName, explain: SetTarget.default('greedy') })
export type SetSettings = z.infer<typeof SetSettings>

/** What an attribution found for one prompt: all its active latents, best first. */
export const SetResult = z.object({
  /** Place of the prompt in the set, from 0. */
  index: z.number().int(),
  id: z.string(),
  tokens: z.number().int(),
  /** The token that was explained (the first, of several); null where the prompt failed. */
  target: Token.nullable(),
  value: z.number(),
  probability: z.number(),
  fvu: z.number(),
  latent: z.instanceof(Int32Array),
  score: z.instanceof(Float32Array),
  maxActivation: z.instanceof(Float32Array),
  meanActivation: z.instanceof(Float32Array),
  /** Why there is no result: the other fields are then empty or 0. */
  error: z.object({ code: z.string(), message: z.string() }).nullable()
})
export type SetResult = z.infer<typeof SetResult>

/** A run over a set, as lists show it. Finished when done = batches. */
export const SetRunSummary = z.object({
  id: z.string(),
  setId: z.string(),
  name: z.string(),
  settings: SetSettings,
  model: z.string(),
  sae: z.string(),
  hook: z.string(),
  /** How many of the deterministic batches are stored. */
  done: z.number().int(),
  batches: z.number().int(),
  failed: z.number().int(),
  prompts: z.number().int(),
  notes: z.string(),
  createdAt: z.string()
})
export type SetRunSummary = z.infer<typeof SetRunSummary>

/** Everything needed to go on with a run or to repeat it. */
export const SetRunRecord = SetRunSummary.extend({
  bench: z.object({ model: z.string(), sae: z.string(), hook: z.string().nullable(), device: z.string(), reading: z.unknown() }),
  provenance: Provenance.nullable(),
  doneBatches: z.array(z.number().int())
})
export type SetRunRecord = z.infer<typeof SetRunRecord>

/** An estimate with its 95 % bootstrap interval (percentile, prompts resampled). */
export const Interval = z.object({ value: z.number(), low: z.number(), high: z.number() })
export type Interval = z.infer<typeof Interval>

/** One latent over a set. */
export const AggregateLatent = z.object({
  latent: z.number().int(),
  /** Mean score over all prompts, 0 where it is not active. */
  mean: Interval,
  /** Share of prompts in which it is active, and in which it is among the top k. */
  active: z.number(),
  inTop: z.number(),
  maxActivation: z.number(),
  /** Between two groups: mean score of the first minus that of the second; Mann-Whitney p, and corrected (Benjamini-Hochberg). */
  difference: Interval.nullable(),
  p: z.number().nullable(),
  q: z.number().nullable()
})
export type AggregateLatent = z.infer<typeof AggregateLatent>

export const Aggregate = z.object({
  /** Prompts with a result, and without. */
  prompts: z.number().int(),
  failed: z.number().int(),
  topK: z.number().int(),
  groups: z.tuple([z.string(), z.string()]).nullable(),
  resamples: z.number().int(),
  /** By the size of the mean, largest first; with groups by p, smallest first. At most `limit` of `total`. */
  latents: z.array(AggregateLatent),
  total: z.number().int(),
  /** Mean overlap (Jaccard) of the top k of two prompts: of paraphrases of one another, and of others; null without paraphrases. */
  stability: z.object({ paraphrases: Interval, others: Interval, families: z.number().int() }).nullable()
})
export type Aggregate = z.infer<typeof Aggregate>

/** A prompt of the project in which a latent mattered. */
export const LatentPrompt = z.object({
  runId: z.string(),
  runName: z.string(),
  setName: z.string(),
  promptId: z.string(),
  promptText: z.string(),
  rank: z.number().int(),
  score: z.number(),
  maxActivation: z.number(),
  targetText: z.string()
})
export type LatentPrompt = z.infer<typeof LatentPrompt>
