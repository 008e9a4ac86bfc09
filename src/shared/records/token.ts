import { z } from 'zod'

/** One token of a prompt or a generation, ready to be shown. */
export const Token = z.object({
  id: z.number().int().nonnegative(),
  /** What the token's bytes say, with whitespace as it is. Empty when the bytes are a fragment of a character. */
  text: z.string(),
  /** Set when the bytes alone are not valid UTF-8: the bytes as hex, for example "e2 80". */
  hex: z.string().optional(),
  /** True for BOS, EOS and other added tokens. */
  special: z.boolean()
})
export type Token = z.infer<typeof Token>

/** A candidate for the next token. */
export const NextToken = Token.extend({
  logit: z.number(),
  probability: z.number()
})
export type NextToken = z.infer<typeof NextToken>

/** A prompt as text (the tokenizer adds BOS as its own file says) or as exact ids (nothing is added). */
export const PromptInput = z.union([z.object({ text: z.string() }), z.object({ ids: z.array(z.number().int()) })])
export type PromptInput = z.infer<typeof PromptInput>
