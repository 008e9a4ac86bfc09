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

/** What is known of one latent. */
export const LatentDetail = z.object({
  latent: z.number().int(),
  label: z.string().nullable(),
  labelSource: z.string().nullable(),
  /** Share of tokens it fires on, and largest activation, over the labelling text; null when unknown. */
  rate: z.number().nullable(),
  maxActivation: z.number().nullable(),
  decoderNorm: z.number(),
  /** Static logit lens of the decoder row: lm_head(final_norm weight x row). Highest and lowest ten. */
  promoted: z.array(Token.extend({ weight: z.number() })),
  suppressed: z.array(Token.extend({ weight: z.number() })),
  contexts: z.array(LatentContext)
})
export type LatentDetail = z.infer<typeof LatentDetail>
