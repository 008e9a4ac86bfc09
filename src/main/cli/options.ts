/** Options that several commands share, and reading them strictly: a wrong value is refused, never guessed. */
import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { Device, SaeReading } from '../../shared/records/model'
import { measuredReading, Preflight, summaryOf, type PreflightSummary } from '../../shared/records/preflight'
import { fail } from '../../shared/errors'
import { failToRead } from '../tensors/files'
import { parseJson, readJsonObject } from '../tensors/json'
import { ChatInput, type PromptInput } from '../../shared/records/token'
import type { CommandContext, OptionSpec, OptionValues } from './command'

export const MODEL: Record<string, OptionSpec> = {
  model: { type: 'string', value: 'DIR', help: 'model folder (config.json, model.safetensors, tokenizer.json)' },
  device: { type: 'string', value: 'NAME', help: `one of ${Device.options.join(', ')}; auto by default` }
}

export const PROMPT: Record<string, OptionSpec> = {
  prompt: { type: 'string', value: 'TEXT', help: 'the prompt; BOS is added as the tokenizer itself says' },
  tokens: { type: 'string', value: '1,2,3', help: 'exact token ids instead of --prompt; nothing is added' },
  user: { type: 'string', value: 'TEXT', help: "instead of --prompt: a turn of the user, through the model's chat template" },
  system: { type: 'string', value: 'TEXT', help: 'the system prompt before --user' },
  chat: { type: 'string', value: 'FILE', help: 'instead of --prompt: JSON, a list of {"role": system|user|assistant, "content": TEXT}' }
}

export const SAE: Record<string, OptionSpec> = {
  sae: { type: 'string', value: 'DIR', help: 'SAE folder (cfg.json, sae_weights.safetensors)' },
  hook: { type: 'string', value: 'NAME', help: 'hook point; wins over the one the SAE folder names' },
  reading: { type: 'string', value: 'JSON|FILE', help: 'how to read the SAE where its files leave a choice, as preflight suggests it' }
}

export const PREFLIGHT: Record<string, OptionSpec> = {
  preflight: { type: 'string', value: 'FILE', help: 'what `preflight --json` wrote: the SAE is read as there, and the verdict kept' }
}

/** The text of `--name`, or undefined. */
export function text(values: OptionValues, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** The text of `--name`; refused when it is missing. */
export function requiredText(values: OptionValues, name: string): string {
  return text(values, name) ?? fail('USAGE', { reason: `--${name} is missing.` })
}

/** The absolute path of `--name`, relative ones taken from where the command was typed. */
export function path(values: OptionValues, name: string, context: CommandContext): string {
  return absolute(requiredText(values, name), context)
}

/** `path`, or null when the option is not given. */
export function optionalPath(values: OptionValues, name: string, context: CommandContext): string | null {
  const value = text(values, name)
  return value === undefined ? null : absolute(value, context)
}

/**
 * --reading: JSON, or a file that holds it; of a preflight's whole output the suggested reading, else the one it was made with. {} when
 * the option is not given.
 */
export async function reading(values: OptionValues, context: CommandContext): Promise<SaeReading> {
  const value = text(values, 'reading')
  if (value === undefined) return {}
  const inline = value.trim().startsWith('{')
  const file = absolute(value, context)
  const raw = inline ? readingJson(value) : await readJsonObject(file)
  const whole = Preflight.safeParse(raw)
  const parsed = SaeReading.strict().safeParse(whole.success ? (whole.data.suggestion?.reading ?? whole.data.reading) : raw)
  if (parsed.success) return parsed.data
  const known = Object.keys(SaeReading.shape).join(', ')
  return fail('USAGE', {
    reason: `--reading takes a JSON object with some of ${known}; ${parsed.error.issues[0]?.message ?? 'this is not one'}.`
  })
}

/** --preflight with the reading it was made with, or --reading alone. @throws USAGE, and what reading the file may throw */
export async function pair(
  values: OptionValues,
  context: CommandContext
): Promise<{ reading: SaeReading; preflight: PreflightSummary | null }> {
  const file = optionalPath(values, 'preflight', context)
  if (file === null) return { reading: await reading(values, context), preflight: null }
  if (text(values, 'reading') !== undefined) fail('USAGE', { reason: 'Give --preflight or --reading, not both.' })
  const parsed = Preflight.safeParse(await readJsonObject(file))
  if (!parsed.success) return fail('USAGE', { reason: `--preflight takes what "preflight --json" prints, and ${file} is not that.` })
  return { reading: measuredReading(parsed.data), preflight: summaryOf(parsed.data) }
}

function readingJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch (error) {
    return fail('USAGE', { reason: `--reading is not JSON: ${error instanceof Error ? error.message : String(error)}.` })
  }
}

/** A number within [min, max]; `fallback` when the option is not given. */
export function number(
  values: OptionValues,
  name: string,
  fallback: number,
  range: { min: number; max: number; integer?: boolean }
): number {
  const value = text(values, name)
  if (value === undefined) return fallback
  const parsed = value.trim() === '' ? NaN : Number(value)
  const wrong =
    !Number.isFinite(parsed) || parsed < range.min || parsed > range.max || (range.integer === true && !Number.isInteger(parsed))
  if (wrong) {
    const kind = range.integer === true ? 'a whole number' : 'a number'
    fail('USAGE', { reason: `--${name} takes ${kind} from ${range.min} to ${range.max}, not "${value}".` })
  }
  return parsed
}

/** --prompt, --tokens, --user (with --system) or --chat; exactly one of them. */
export function prompt(values: OptionValues, { cwd }: Pick<CommandContext, 'cwd'> = { cwd: process.cwd() }): PromptInput {
  const given = ['prompt', 'tokens', 'user', 'chat'].filter((name) => text(values, name) !== undefined)
  if (given.length > 1) fail('USAGE', { reason: `Give --${given.slice(0, -1).join(', --')} or --${given.at(-1) ?? ''}, not both.` })
  const system = text(values, 'system')
  const user = text(values, 'user')
  if (system !== undefined && user === undefined) fail('USAGE', { reason: '--system goes with --user.' })
  const tokens = text(values, 'tokens')
  if (tokens !== undefined) return { ids: ids(tokens) }
  const chat = text(values, 'chat')
  if (chat !== undefined) return chatIn(isAbsolute(chat) ? chat : resolve(cwd, chat))
  if (user !== undefined)
    return { chat: [...(system === undefined ? [] : [{ role: 'system' as const, content: system }]), { role: 'user', content: user }] }
  return { text: text(values, 'prompt') ?? fail('USAGE', { reason: '--prompt is missing (or give --tokens, --user or --chat).' }) }
}

/** Largest file of --chat: no context holds as much. */
const MAX_CHAT = 2 ** 24

/** The turns in a file. @throws USAGE, FILE_MISSING, FILE_UNREADABLE, JSON_INVALID */
function chatIn(file: string): PromptInput {
  const parsed = ChatInput.shape.chat.safeParse(parseJson(readText(file), file))
  if (parsed.success) return { chat: parsed.data }
  return fail('USAGE', {
    reason: `--chat takes a list such as [{"role": "user", "content": "Hello"}], with the roles system, user and assistant, and ${file} is not that.`
  })
}

function readText(file: string): string {
  const size = attempt(file, () => statSync(file)).size
  if (size > MAX_CHAT) fail('USAGE', { reason: `--chat takes at most ${MAX_CHAT} bytes, and ${file} has ${size}.` })
  return attempt(file, () => readFileSync(file, 'utf8'))
}

function attempt<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    return failToRead(file, error)
  }
}

/** The device; auto when not given. */
export function device(values: OptionValues): Device {
  const value = text(values, 'device') ?? 'auto'
  const parsed = Device.safeParse(value)
  if (!parsed.success)
    fail('DEVICE_UNAVAILABLE', { device: value, reason: 'there is no such device', supported: Device.options.join(', ') })
  return parsed.data
}

function ids(list: string): number[] {
  if (list.trim() === '') return []
  return list.split(',').map((piece) => {
    const id = Number(piece)
    if (piece.trim() === '' || !Number.isInteger(id) || id < 0)
      fail('USAGE', { reason: `--tokens takes ids such as 1,2,3, not "${piece}".` })
    return id
  })
}

/** A path as given, relative ones taken from where the command was typed. */
export function absolute(value: string, context: CommandContext): string {
  return isAbsolute(value) ? value : resolve(context.cwd, value)
}
