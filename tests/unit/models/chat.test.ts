import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { WorkbenchError } from '../../../src/shared/errors'
import type { ChatTurn } from '../../../src/shared/records/token'
import { chatIds, renderChat } from '../../../src/main/models/chat'
import { readChatTemplate, type ChatTemplate } from '../../../src/main/models/chat-file'
import { modelInfo, openModel, promptIds } from '../../../src/main/models'
import { CHAT, CHAT_FAMILIES, chatFolder } from '../../support/chat-templates'
import { DEFAULT_MODEL } from '../../support/models'

const scratch = mkdtempSync(join(tmpdir(), 'chat-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
let made = 0
const folder = (files: Readonly<Record<string, unknown>>): string => chatFolder(join(scratch, String(made++)), files)

const model = (source: string, tokens: Record<string, string> = {}): { name: string; chat: ChatTemplate } => ({
  name: 'a model',
  chat: { path: 'chat_template.jinja', source, tokens }
})
const user: ChatTurn[] = [{ role: 'user', content: 'Hello' }]
const render = (source: string, chat: readonly ChatTurn[] = user): string => renderChat(model(source), { chat: [...chat] })

/** The error that a person would see. */
function failing(work: () => unknown): WorkbenchError {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof WorkbenchError) return thrown
    throw thrown
  }
  throw new Error('it did not fail')
}

describe.each(CHAT_FAMILIES)('the template of $name', ({ template, bos, eos, system, text, generation }) => {
  const family = model(template, { bos_token: bos, eos_token: eos })
  const chat = system ? [...CHAT] : CHAT.slice(1)

  it('writes the published form, with the beginning of an answer and without', () => {
    expect(renderChat(family, { chat })).toBe(text + generation)
    expect(renderChat(family, { chat, addGenerationPrompt: false })).toBe(text)
  })

  it('opens no turn of the assistant after one that is being written', () => {
    const answered = renderChat(family, { chat: chat.slice(0, -1) })
    expect(answered.endsWith(generation)).toBe(generation === '')
    expect(answered).toContain('Hi.')
  })
})

it.each(CHAT_FAMILIES.filter(({ system }) => !system))('the template of $name refuses a system prompt by name', ({ template, bos, eos }) => {
  const { code, message } = failing(() => renderChat(model(template, { bos_token: bos, eos_token: eos }), { chat: [...CHAT] }))
  expect(code).toBe('CHAT_NO_SYSTEM')
  expect(message).toMatch(/^The chat template of a model takes no system prompt: it says ".+"\.$/)
})

describe('what templates refuse', () => {
  it('is passed on in their own words', () => {
    const gemma = model(CHAT_FAMILIES[2]?.template ?? '', { bos_token: '<bos>' })
    const { code, message } = failing(() => renderChat(gemma, { chat: [...user, ...user] }))
    expect([code, message]).toEqual([
      'CHAT_REFUSED',
      'The chat template of a model does not take these turns: Conversation roles must alternate user/assistant/user/assistant/...'
    ])
  })

  it('is noticed where a system prompt is left out without a word', () => {
    const silent = "{% for message in messages %}{% if message.role == 'user' %}{{ message.content }}{% endif %}{% endfor %}"
    const { code, message } = failing(() => render(silent, CHAT))
    expect([code, message]).toEqual(['CHAT_NO_SYSTEM', 'The chat template of a model takes no system prompt: it leaves it out.'])
  })

  it('is nothing where there is no template', () => {
    const { code, message } = failing(() => renderChat({ name: 'a base model', chat: null }, { chat: user }))
    expect([code, message]).toEqual([
      'CHAT_NONE',
      'The model a base model has no chat template: it was not made for chats, or its folder lacks the file.'
    ])
  })
})

describe('the date of a template', () => {
  it("is always the one that Llama 3 takes when it is told none, so that a prompt's tokens never change", () => {
    expect(render("{{ strftime_now('%d %b %Y, %B, %m, %H:%M, %%, %j') }}")).toBe('26 Jul 2024, July, 07, 12:00, %, %j')
  })
})

describe('a hostile template', () => {
  const stopped: [string, string][] = [
    ['that counts to a thousand million', '{% for i in range(1000000000) %}x{% endfor %}'],
    ['that counts backwards without end', '{% for i in range(0, -1000000000, -1) %}x{% endfor %}'],
    ['of nested loops', '{% for i in range(1000) %}{% for j in range(1000) %}{{ j }}{% endfor %}{% endfor %}'],
    ['that doubles a text', `${"{% set ns = namespace(a='xxxxxxxx') %}"}{% for i in range(60) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}`],
    ['that doubles a list', `{% set ns = namespace(a=[1, 2]) %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}`],
    ['of lists within lists', `{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}`],
    ['that writes one text again and again', `{% set big = 'x' | indent(1000, true) %}{% for i in range(5000) %}{{ big ~ big ~ big ~ big ~ big ~ big ~ big ~ big ~ big }}{% endfor %}`],
    ['that indents by millions', "{{ 'a\nb\nc' | indent(100000000) }}"],
    ['that joins with a long text', `{{ range(100000) | list | join('x' | indent(100000, true)) }}`],
    ['that replaces with a long text', `{% set a = 'x' | indent(100000, true) %}{{ a.replace(' ', a) }}`],
    ['that indents JSON by millions', '{{ messages | tojson(indent=100000000) }}'],
    ['of more characters than are read', ' '.repeat(2 ** 18 + 1)]
  ]
  it.each(stopped)('%s is stopped', (_, source) => {
    const { code, message } = failing(() => render(source))
    expect(code).toBe('CHAT_TEMPLATE_EXCESS')
    expect(message).toMatch(/^The chat template in chat_template\.jinja was stopped: it/)
  })

  const invalid: [string, string][] = [
    ['that is no template', '{% if %}'],
    ['that calls itself for ever', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['that nests thousands of brackets', `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`],
    ['that holds itself', '{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}'],
    ['that calls what it may not reach', "{{ messages.constructor.constructor('return process')() }}"],
    ['that reaches for the prototype', "{{ raise_exception['__proto__']['constructor']('return 1')() }}"],
    ['that reaches for the program', '{{ process.exit(1) }}'],
    ['that asks for a module', "{{ require('fs') }}"],
    ['that counts with a text', "{{ range('many') }}"]
  ]
  it.each(invalid)('%s is refused', (_, source) => {
    const { code, message } = failing(() => render(source))
    expect(code).toBe('CHAT_TEMPLATE_INVALID')
    expect(message).toMatch(/^The chat template in chat_template\.jinja is not one that can be run: /)
  })

  it('leaves the program as it was', () => {
    expect(render("{% set messages = 1 %}{% set toString = 2 %}{{ '__proto__' }}")).toBe('__proto__')
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    render("{% set ns = namespace() %}{% set ns.__proto__ = {'polluted': 1} %}x")
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it('does not keep long chats from being rendered', () => {
    const chat = Array.from({ length: 400 }, (_, index): ChatTurn => ({ role: index % 2 === 0 ? 'user' : 'assistant', content: 'word '.repeat(200) }))
    const [llama] = CHAT_FAMILIES
    // 1,000 characters each, of which the template trims one, between 62 or 67 of its own, after BOS of 17
    expect(renderChat(model(llama?.template ?? '', { bos_token: llama?.bos ?? '' }), { chat }).length).toBeGreaterThan(400 * 999)
  })
})

describe('the files of a chat template', () => {
  it('are, in this order, the template itself, its JSON and the tokenizer’s configuration', async () => {
    const config = { 'tokenizer_config.json': { chat_template: 'of the tokenizer' } }
    const json = { 'chat_template.json': { chat_template: 'of the JSON' } }
    expect((await readChatTemplate(folder({ ...config, ...json, 'chat_template.jinja': 'itself' })))?.source).toBe('itself')
    expect((await readChatTemplate(folder({ ...config, ...json })))?.source).toBe('of the JSON')
    expect((await readChatTemplate(folder(config)))?.source).toBe('of the tokenizer')
    expect(await readChatTemplate(folder({ 'tokenizer_config.json': { chat_template: null } }))).toBeNull()
    expect(await readChatTemplate(folder({}))).toBeNull()
  })

  it('may hold several templates, of which the one called default counts', async () => {
    const named = (...names: string[]): Promise<ChatTemplate | null> =>
      readChatTemplate(folder({ 'tokenizer_config.json': { chat_template: names.map((name) => ({ name, template: `of ${name}` })) } }))
    expect((await named('tool_use', 'default'))?.source).toBe('of default')
    expect((await named('only'))?.source).toBe('of only')
    await expect(named('rag', 'tool_use')).rejects.toThrow('is not one that can be run: none of its templates (rag, tool_use) is called "default".')
    await expect(named()).rejects.toThrow('is not one that can be run: none of its templates () is called "default".')
  })

  it('are refused where they hold something else', async () => {
    await expect(readChatTemplate(folder({ 'chat_template.json': { chat_template: 3 } }))).rejects.toThrow(
      'chat_template.json is not one that can be run: it is neither a text nor a list of named texts.'
    )
    await expect(readChatTemplate(folder({ 'chat_template.jinja': 'x'.repeat(2 ** 22 + 1) }))).rejects.toThrow('more than the')
  })

  it('name their special tokens as text or as objects, in the configuration or beside it', async () => {
    const found = await readChatTemplate(
      folder({
        'tokenizer_config.json': { chat_template: 'x', bos_token: '<s>', eos_token: { content: '</s>', special: true }, pad_token: null },
        'special_tokens_map.json': { bos_token: '<other>', pad_token: '<pad>' }
      })
    )
    expect(found?.tokens).toEqual({ bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' })
  })
})

describe('the ids of a chat', () => {
  const copy = (template: string): string => {
    const path = join(scratch, String(made++))
    cpSync(DEFAULT_MODEL, path, { recursive: true })
    return chatFolder(path, { 'chat_template.jinja': template })
  }

  it('hold special tokens where the template spells them, and BOS once or never', async () => {
    const model = await openModel(copy("{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"))
    const { tokenizer } = model
    const [bos] = [...tokenizer.specialIds]
    const ids = promptIds(model, { chat: user })
    // The tokenizer of the default model puts BOS before every text; the rest is the same text, without it.
    expect(ids).toEqual(tokenizer.encode('user: Hello\n'))
    expect(ids.filter((id) => id === bos)).toHaveLength(1)
    expect(modelInfo(model).chat).toBe(true)
  })

  it('have no BOS where the template writes none', async () => {
    const model = await openModel(copy('{% for m in messages %}{{ m.content }}{% endfor %}'))
    expect(promptIds(model, { chat: user })).toEqual(model.tokenizer.encode('Hello').slice(1))
    // As transformers has it: what spells a special token in a turn is that token.
    expect(chatIds(model, { chat: [{ role: 'user', content: 'a<|endoftext|>b' }] })).toEqual([
      ...model.tokenizer.encode('a').slice(1),
      0,
      ...model.tokenizer.encode('b').slice(1)
    ])
  })

  it('are refused where there is no turn, no text or no template', async () => {
    const model = await openModel(copy('{% for m in messages %}{{ m.content }}{% endfor %}'))
    expect(failing(() => promptIds(model, { chat: [] })).code).toBe('PROMPT_EMPTY')
    expect(failing(() => promptIds(model, { chat: [{ role: 'user', content: '' }] })).code).toBe('PROMPT_EMPTY')
    const base = await openModel(DEFAULT_MODEL)
    expect(failing(() => promptIds(base, { chat: user })).code).toBe('CHAT_NONE')
    expect(modelInfo(base).chat).toBe(false)
  })

  it('do not need the template to be sound before it is used', async () => {
    const path = copy('{% if %}')
    const model = await openModel(path)
    expect(promptIds(model, { text: 'Hello' })).toEqual(model.tokenizer.encode('Hello'))
    expect(failing(() => promptIds(model, { chat: user })).message).toContain(join(path, 'chat_template.jinja'))
    expect(readFileSync(join(path, 'chat_template.jinja'), 'utf8')).toBe('{% if %}')
  })
})
