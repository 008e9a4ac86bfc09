/**
 * Where a model folder keeps its chat template. The first that is there counts:
 * 1. chat_template.jinja
 * 2. chat_template.json, under "chat_template"
 * 3. tokenizer_config.json, under "chat_template": a text, or a list of named ones, of which "default" counts
 * Nothing is run or parsed here.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { checkFile, failToRead } from '../tensors/files'
import { readJsonObject } from '../tensors/json'

/** A template as it stands in its file, with what it may name. */
export interface ChatTemplate {
  /** The file it stands in, for error texts. */
  readonly path: string
  readonly source: string
  /** bos_token, eos_token, unk_token, pad_token, as far as the tokenizer's files name them. */
  readonly tokens: Readonly<Record<string, string>>
}

const MAX_BYTES = 2 ** 22
const TOKENS = ['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const

const Source = z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
const TokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])

/**
 * The chat template of a model folder; null when there is none.
 * @throws CHAT_TEMPLATE_INVALID, JSON_INVALID, FILE_UNREADABLE
 */
export async function readChatTemplate(folder: string): Promise<ChatTemplate | null> {
  const config = await jsonIn(folder, 'tokenizer_config.json')
  const found = (await fromJinja(folder)) ?? fromJson(join(folder, 'chat_template.json'), await jsonIn(folder, 'chat_template.json')) ?? fromJson(join(folder, 'tokenizer_config.json'), config)
  return found === null ? null : { ...found, tokens: tokensOf(config, await jsonIn(folder, 'special_tokens_map.json')) }
}

type Found = Pick<ChatTemplate, 'path' | 'source'>

async function fromJinja(folder: string): Promise<Found | null> {
  const path = join(folder, 'chat_template.jinja')
  if (!existsSync(path)) return null
  await checkFile(path, MAX_BYTES)
  return { path, source: await readFile(path, 'utf8').catch((error: unknown) => failToRead(path, error)) }
}

function fromJson(path: string, { chat_template: given }: Record<string, unknown>): Found | null {
  if (given === undefined || given === null) return null
  const parsed = Source.safeParse(given)
  if (!parsed.success) return fail('CHAT_TEMPLATE_INVALID', { path, reason: 'it is neither a text nor a list of named texts' })
  if (typeof parsed.data === 'string') return { path, source: parsed.data }
  const named = parsed.data.find(({ name }) => name === 'default') ?? (parsed.data.length === 1 ? parsed.data[0] : undefined)
  const names = parsed.data.map(({ name }) => name).join(', ')
  return named ? { path, source: named.template } : fail('CHAT_TEMPLATE_INVALID', { path, reason: `none of its templates (${names}) is called "default"` })
}

async function jsonIn(folder: string, name: string): Promise<Record<string, unknown>> {
  const path = join(folder, name)
  return existsSync(path) ? readJsonObject(path) : {}
}

function tokensOf(config: Record<string, unknown>, map: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    TOKENS.flatMap((name) => {
      const token = [config[name], map[name]].map((given) => TokenName.safeParse(given)).find(({ success }) => success)
      return token?.data === undefined ? [] : [[name, token.data]]
    })
  )
}
