import { promptText as wholeText } from '../../shared/prompt-text'
import type { PromptInput, Token } from '../../shared/records/token'

/** What lists show of a prompt: its text or turns, or for exact ids what their tokens say, special ones left out and fragments as hex. */
export function promptText(prompt: PromptInput, tokens: readonly Token[]): string {
  if (!('ids' in prompt)) return wholeText(prompt)
  return tokens.map((token) => (token.special ? '' : token.hex === undefined ? token.text : `<${token.hex}>`)).join('')
}
