import type { PromptInput, Token } from '../../shared/records/token'

/** What lists show of a prompt: its text, or for exact ids what their tokens say, special ones left out and fragments as hex. */
export function promptText(prompt: PromptInput, tokens: readonly Token[]): string {
  if ('text' in prompt) return prompt.text
  return tokens.map((token) => (token.special ? '' : token.hex === undefined ? token.text : `<${token.hex}>`)).join('')
}
