import type { PromptInput } from './records/token'

/** A prompt as lists and tables write it: the text as it was typed; exact ids; a chat turn by turn, each after its role. */
export function promptText(prompt: PromptInput): string {
  if ('text' in prompt) return prompt.text
  if ('ids' in prompt) return prompt.ids.join(' ')
  return prompt.chat.map(({ role, content }) => `${role}: ${content}`).join('\n')
}
