import { z } from 'zod'
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
