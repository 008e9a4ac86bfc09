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

/** One turn of a chat, as the model's template names it. */
export const ChatTurn = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
export type ChatTurn = z.infer<typeof ChatTurn>

/** A chat: turns that the model's own template makes a text of. */
export const ChatInput = z.object({
  chat: z.array(ChatTurn).max(10_000),
  /** Whether the beginning of the assistant's turn follows; true where it is left out, unless the last turn is the assistant's. */
  addGenerationPrompt: z.boolean().optional()
})
export type ChatInput = z.infer<typeof ChatInput>

/** Text, or exact ids. */
export const TextInput = z.union([z.object({ text: z.string() }), z.object({ ids: z.array(z.number().int()) })])

/**
 * A prompt as text (the tokenizer adds BOS as its own file says), as exact ids (nothing is added), or as a chat (nothing is added to
 * what the template writes).
 */
export const PromptInput = z.union([...TextInput.options, ChatInput])
export type PromptInput = z.infer<typeof PromptInput>
