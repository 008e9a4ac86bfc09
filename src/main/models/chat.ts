/** Chats through the model's own template: turns become the text that the model was trained on, and its ids. */
import { fail, WorkbenchError } from '../../shared/errors'
import type { ChatInput, ChatTurn } from '../../shared/records/token'
import { parseTemplate, runTemplate, TemplateExcess, TemplateRefusal } from './chat-bounds'
import type { ChatTemplate } from './chat-file'
import type { Model } from './types'

/**
 * The text that a model's template makes of a chat, as `transformers` renders it with `apply_chat_template`. Only the date differs,
 * for templates that ask for it: it is always 26 July 2024 (chat-bounds.ts).
 * @throws CHAT_NONE, CHAT_TEMPLATE_INVALID, CHAT_TEMPLATE_EXCESS, CHAT_REFUSED, CHAT_NO_SYSTEM
 */
export function renderChat(model: Pick<Model, 'name' | 'chat'>, { chat, addGenerationPrompt }: ChatInput): string {
  const template = model.chat ?? fail('CHAT_NONE', { model: model.name })
  const add = addGenerationPrompt ?? chat.at(-1)?.role !== 'assistant'
  const render = (turns: readonly ChatTurn[]): string => run(template, turns, add)
  const others = chat.filter(({ role }) => role !== 'system')
  const system = chat.length > others.length
  try {
    const text = render(chat)
    // Some templates pass over what they do not know, without a word.
    const said = chat.some(({ role, content }) => role === 'system' && content.trim() !== '')
    if (said && others.length > 0 && textOrNull(() => render(others)) === text) fail('CHAT_NO_SYSTEM', { model: model.name, reason: 'it leaves it out' })
    return text
  } catch (error) {
    if (!(error instanceof TemplateRefusal)) throw error
    const reason = error.message
    if (system && others.length > 0 && textOrNull(() => render(others)) !== null) fail('CHAT_NO_SYSTEM', { model: model.name, reason: `it says "${reason}"` }, error)
    return fail('CHAT_REFUSED', { model: model.name, reason }, error)
  }
}

/**
 * The ids of a chat. What spells a special token is that token, in the turns as well, and nothing is put in front or after: where a
 * text begins with BOS, the template writes it. So `transformers` has it, too.
 * @throws PROMPT_EMPTY, and what `renderChat` throws
 */
export function chatIds(model: Model, chat: ChatInput): number[] {
  if (chat.chat.length === 0) fail('PROMPT_EMPTY')
  return model.tokenizer.encodeRendered(renderChat(model, chat))
}

/** Parsed templates, so that typing does not parse one with every key. */
const programs = new WeakMap<ChatTemplate, ReturnType<typeof parseTemplate>>()

/** @throws TemplateRefusal, CHAT_TEMPLATE_INVALID, CHAT_TEMPLATE_EXCESS */
function run(template: ChatTemplate, turns: readonly ChatTurn[], add: boolean): string {
  const { path, source, tokens } = template
  try {
    const program = programs.get(template) ?? parseTemplate(source)
    programs.set(template, program)
    const messages = turns.map(({ role, content }) => ({ role, content }))
    return runTemplate(program, { messages, add_generation_prompt: add, ...tokens })
  } catch (error) {
    if (error instanceof TemplateRefusal) throw error
    if (error instanceof TemplateExcess) return fail('CHAT_TEMPLATE_EXCESS', { path, reason: error.message }, error)
    return fail('CHAT_TEMPLATE_INVALID', { path, reason: reasonOf(error) }, error)
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'it nests too deep, or its texts grow too long'
  return (error instanceof Error ? error.message : String(error)).slice(0, 500)
}

function textOrNull(render: () => string): string | null {
  try {
    return render()
  } catch (error) {
    if (error instanceof TemplateRefusal || error instanceof WorkbenchError) return null
    throw error
  }
}
