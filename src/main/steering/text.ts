/** Generated ids as text. */
import type { Tokenizer } from '../models/types'

/**
 * What the generated tokens add to the prompt's text; special tokens left out. Decoded together with the prompt, because a
 * tokenizer may drop the space before a first token, and a character may have begun in the prompt's last bytes.
 */
export function continuationText(tokenizer: Tokenizer, promptIds: readonly number[], generatedIds: readonly number[]): string {
  if (generatedIds.length === 0) return ''
  // U+FFFD at the end stands for an unfinished character, which the first generated tokens may finish.
  const before = promptIds.length === 0 ? '' : tokenizer.decode(promptIds).replace(/\uFFFD+$/, '')
  const whole = tokenizer.decode([...promptIds, ...generatedIds])
  return whole.startsWith(before) ? whole.slice(before.length) : tokenizer.decode(generatedIds)
}
