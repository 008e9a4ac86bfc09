/** A model folder's tokenizer: text to ids and back, and what each token says, byte for byte. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as Splitter } from '@huggingface/tokenizers'
import type { z } from 'zod'
import { fail } from '../../shared/errors'
import type { Token } from '../../shared/records/token'
import { readJsonObject } from '../tensors/json'
import { bytesOf, hexOf, textOf } from './token-bytes'
import { prependsSpace, spellingOf, surroundingsOf, TokenizerConfig, TokenizerFile, vocabularyOf } from './tokenizer-file'
import type { Tokenizer } from './types'

/**
 * Reads tokenizer.json and, when it is there, tokenizer_config.json.
 * @throws FILE_MISSING, FILE_UNREADABLE, JSON_INVALID, TOKENIZER_INVALID
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json')
  const file = parse(TokenizerFile, await readJsonObject(path), path)
  const configPath = join(folder, 'tokenizer_config.json')
  const config = existsSync(configPath) ? parse(TokenizerConfig, await readJsonObject(configPath), configPath) : {}
  return createTokenizer(file, config, path)
}

/** A tokenizer from its parsed files; `path` is for error texts. */
export function createTokenizer(file: TokenizerFile, config: TokenizerConfig, path: string): Tokenizer {
  const split = createSplitter(file, config, path)
  const vocabulary = vocabularyOf(file)
  const added = new Map(file.added_tokens.map((token) => [token.content, token.id]))
  const specialIds = new Set(file.added_tokens.filter(({ special }) => special).map(({ id }) => id))
  const addedIds = new Set(added.values())
  const idOf = new Map([...vocabulary].map(([id, entry]) => [entry, id]))
  const { before, after } = surroundingsOf(file, config, (token) => added.get(token) ?? idOf.get(token))
  const spelling = spellingOf(file)
  const strips = prependsSpace(file)
  const literal = { byteLevel: false, byteFallback: false, metaspace: null }
  const bytes = (id: number): Uint8Array => {
    const entry = vocabulary.get(id)
    return entry === undefined ? new Uint8Array(0) : bytesOf(entry, addedIds.has(id) ? literal : spelling)
  }

  const encodeRaw = (text: string): number[] => {
    if (text === '') return []
    return split.tokenize(text).map((piece) => idOf.get(piece) ?? fail('TOKENIZER_INVALID', { path, reason: `it has no id for its piece "${piece}"` }))
  }

  const token = (id: number): Token => {
    // Vocabularies are often padded to a round size: such ids have logits but no spelling.
    if (!vocabulary.has(id)) return { id, text: `<unused ${id}>`, special: true }
    const special = specialIds.has(id)
    const text = textOf(bytes(id))
    return text === null ? { id, text: '', hex: hexOf(bytes(id)), special } : { id, text, special }
  }

  const decode = (ids: readonly number[]): string => {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(ids.filter((id) => !specialIds.has(id)).map(bytes)))
    // The space that the tokenizer itself put before the text is there only when the ids begin where a text begins.
    const begins = ids[0] !== undefined && specialIds.has(ids[0])
    return strips && begins && text.startsWith(' ') ? text.slice(1) : text
  }

  return {
    encode: (text) => [...before, ...encodeRaw(text), ...after],
    encodeRaw,
    token,
    decode,
    specialIds,
    size: [...vocabulary.keys()].reduce((largest, id) => Math.max(largest, id), -1) + 1
  }
}

/**
 * The library's tokenizer without the special tokens. Were they left in, a prompt that spells "<|endoftext|>" would become
 * the control token itself; a person who types it means the characters. What surrounds a text is added by us.
 */
function createSplitter(file: TokenizerFile, config: TokenizerConfig, path: string): Splitter {
  try {
    return new Splitter({ ...file, added_tokens: file.added_tokens.filter(({ special }) => !special), post_processor: null }, config)
  } catch (error) {
    return fail('TOKENIZER_INVALID', { path, reason: error instanceof Error ? error.message : String(error) }, error)
  }
}

function parse<T>(schema: z.ZodType<T>, raw: unknown, path: string): T {
  const parsed = safeParse(schema, raw, path)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return fail('TOKENIZER_INVALID', { path, reason: `${issue?.path.join('.') || 'it'} is not as expected (${issue?.message ?? 'malformed'})` })
}

/** Stages may hold stages; a file that nests thousands of them exhausts the stack of whoever walks through it. */
function safeParse<T>(schema: z.ZodType<T>, raw: unknown, path: string): z.ZodSafeParseResult<T> {
  try {
    return schema.safeParse(raw)
  } catch (error) {
    if (error instanceof RangeError) return fail('TOKENIZER_INVALID', { path, reason: 'its stages are nested too deeply' }, error)
    throw error
  }
}
