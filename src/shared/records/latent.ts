import { z } from 'zod'
import { SaeReading } from './model'
import { Token } from './token'

export const LatentLabel = z.object({ latent: z.number().int(), label: z.string(), source: z.string() })
export type LatentLabel = z.infer<typeof LatentLabel>

/** A piece of text on which a latent fired. */
export const LatentContext = z.object({
  tokens: z.array(Token),
  activations: z.array(z.number()),
  /** Index of the maximum in `tokens`. */
  at: z.number().int()
})
export type LatentContext = z.infer<typeof LatentContext>

/** One explanation of a latent, from any source. */
export const LatentExplanation = z.object({
  label: z.string(),
  /** Who or what made it, in words. */
  source: z.string(),
  /** Id of the source of labels that holds it. */
  sourceId: z.string(),
  score: z.number().nullable(),
  /** When it was made, as the source writes it. */
  created: z.string().nullable(),
  /** Written by a person. */
  user: z.boolean()
})
export type LatentExplanation = z.infer<typeof LatentExplanation>

/** Where labels of an SAE come from. */
export const LabelSource = z.object({
  id: z.string(),
  /** Layout it came in, or "computed". */
  format: z.string(),
  name: z.string(),
  /** What was imported, the text that was read, or the folder it lies in. */
  from: z.string(),
  /** When, ISO 8601; null for what lies beside the weights. */
  added: z.string().nullable(),
  /** What ties it to the SAE: the folder, an id that both name, a person's word, or that it was computed with it. */
  binding: z.enum(['beside', 'matched', 'confirmed', 'computed']),
  explanations: z.number().int(),
  /** Latents with an explanation. */
  latents: z.number().int(),
  /** Entries left out because the SAE has no such latent. */
  outside: z.number().int(),
  removable: z.boolean(),
  /** Why it cannot be read; null when it can. */
  damaged: z.string().nullable()
})
export type LabelSource = z.infer<typeof LabelSource>

/** Labels of one SAE among those that were found. */
const FoundLabels = z.object({
  /** The producer and what it says it labelled; chosen by this name. */
  name: z.string(),
  explanations: z.number().int(),
  /** Entries of latents that this SAE does not have. */
  outside: z.number().int()
})

/**
 * What a person is asked before labels are attached: "other" where the SAE names its own source and these are for another; "unnamed" where
 * nothing says whose they are, "several" where one of many has to be chosen; "outside" where some are for latents the SAE does not have.
 */
export const ImportQuestion = z.object({
  reason: z.enum(['other', 'unnamed', 'several', 'outside']),
  /** The question in words. */
  text: z.string(),
  /** The source that the SAE's folder names, if any. */
  expected: z.string().nullable(),
  found: z.array(FoundLabels)
})
export type ImportQuestion = z.infer<typeof ImportQuestion>

/** What an import came to. Nothing is kept with a question: ask again with `confirm`, or with the name of one of those found as `take`. */
export const LabelImport = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('imported'),
    source: LabelSource,
    /** Files read, files that hold no labels, and labels of other SAEs that were passed over. */
    files: z.number().int(),
    ignoredFiles: z.number().int(),
    otherSources: z.number().int(),
    /** Explanations that were not there before. */
    added: z.number().int()
  }),
  z.object({ status: z.literal('question'), question: ImportQuestion })
])
export type LabelImport = z.infer<typeof LabelImport>

/** How labels are computed from text. */
export const ComputeOptions = z.object({
  /** Tokens of one window, a BOS token included; no more than the model's context. */
  window: z.number().int().min(2).max(4096).default(128),
  /** Contexts kept of each latent; fewer where they would not fit in memory. */
  contexts: z.number().int().min(1).max(32).default(8),
  /** Tokens read at most. */
  tokens: z.number().int().min(1).max(20_000_000).default(1_000_000)
})
export type ComputeOptions = z.infer<typeof ComputeOptions>

/** A computation that was begun and not finished; asking for the same again goes on with it. */
export const UnfinishedLabels = z.object({
  id: z.string(),
  /** The text, the model's folder and the SAE's, as they were given. */
  path: z.string(),
  model: z.string(),
  sae: z.string(),
  hook: z.string(),
  reading: SaeReading.optional(),
  options: ComputeOptions,
  /** Windows read, and how many there are. */
  done: z.number().int(),
  total: z.number().int(),
  /** ISO 8601. */
  savedAt: z.string()
})
export type UnfinishedLabels = z.infer<typeof UnfinishedLabels>

/** What a computation came to. */
export const ComputedLabels = z.object({
  source: LabelSource,
  /** Tokens and windows read, this time and before. */
  tokens: z.number().int(),
  windows: z.number().int(),
  /** Windows that had been read before. */
  resumed: z.number().int(),
  /** Latents that fired. */
  fired: z.number().int(),
  /** What a person should know, such as that only the beginning of the text was read. */
  notes: z.array(z.string())
})
export type ComputedLabels = z.infer<typeof ComputedLabels>

/** A latent found by what a person typed. */
export const FoundLabel = z.object({
  latent: z.number().int(),
  /** The explanation that is shown; null where the number was typed and there is none. */
  label: z.string().nullable(),
  source: z.string().nullable(),
  /** The explanation that has the words, where it is another one. */
  match: z.object({ label: z.string(), source: z.string() }).nullable()
})
export type FoundLabel = z.infer<typeof FoundLabel>

/** What is known of one latent. */
export const LatentDetail = z.object({
  latent: z.number().int(),
  label: z.string().nullable(),
  labelSource: z.string().nullable(),
  /** Every explanation there is, the one shown first. */
  explanations: z.array(LatentExplanation),
  /** Share of tokens it fires on, and largest activation in the units of the stored weights; null when unknown. */
  rate: z.number().nullable(),
  maxActivation: z.number().nullable(),
  /** Who measured these two; null for what lies beside the weights, and when they are unknown. */
  measuredBy: z.string().nullable(),
  decoderNorm: z.number(),
  /** Static logit lens of the decoder row: lm_head(final_norm weight x row). Highest and lowest ten. */
  promoted: z.array(Token.extend({ weight: z.number() })),
  suppressed: z.array(Token.extend({ weight: z.number() })),
  contexts: z.array(LatentContext)
})
export type LatentDetail = z.infer<typeof LatentDetail>
