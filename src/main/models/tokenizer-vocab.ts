/** vocab.json with merges.txt: GPT-2's own two files, as one tokenizer.json. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { checkFile, failToRead } from '../tensors/files'
import { readJsonObject } from '../tensors/json'

const MAX_BYTES = 2 ** 26
const Content = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
const Ids = z.record(z.string(), z.number())
const Decoder = z.record(z.string(), z.looseObject({ content: z.string(), special: z.boolean().default(false) }))
/** How the slow classes split: GPT2Tokenizer, and Qwen2Tokenizer with digits one by one after NFC. */
const QWEN2 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

/**
 * The tokenizer.json that says the same as vocab.json, merges.txt and the small files beside them.
 * @throws FILE_MISSING, FILE_UNREADABLE, JSON_INVALID
 */
export async function readVocabularyAndMerges(folder: string, config: Readonly<Record<string, unknown>>): Promise<unknown> {
  const vocab = await readJsonObject(join(folder, 'vocab.json'))
  const mergesPath = join(folder, 'merges.txt')
  await checkFile(mergesPath, MAX_BYTES)
  const lines = (await readFile(mergesPath, 'utf8').catch((error: unknown) => failToRead(mergesPath, error))).split(/\r?\n/)
  const merges = lines.filter((line, index) => line !== '' && !(index === 0 && line.startsWith('#version')))
  const isQwen2 = config.tokenizer_class === 'Qwen2Tokenizer' || config.tokenizer_class === 'Qwen2TokenizerFast'
  const byteLevel = { type: 'ByteLevel', add_prefix_space: config.add_prefix_space === true, use_regex: false }
  return {
    added_tokens: await addedTokens(folder, config, vocab),
    normalizer: isQwen2 ? { type: 'NFC' } : null,
    pre_tokenizer: isQwen2
      ? { type: 'Sequence', pretokenizers: [{ type: 'Split', pattern: { Regex: QWEN2 }, behavior: 'Isolated' }, byteLevel] }
      : { ...byteLevel, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges, unk_token: null }
  }
}

/** Entries that are found whole: those of added_tokens.json and tokenizer_config.json, and the special tokens by name. */
async function addedTokens(folder: string, config: Readonly<Record<string, unknown>>, vocab: Readonly<Record<string, unknown>>): Promise<unknown[]> {
  const optional = async (name: string): Promise<Record<string, unknown>> => (existsSync(join(folder, name)) ? readJsonObject(join(folder, name)) : {})
  const special = new Set(['<|endoftext|>', ...specialNames(config), ...specialNames(await optional('special_tokens_map.json'))])
  const ids = new Map<string, number>(Object.entries(Ids.catch({}).parse(await optional('added_tokens.json'))))
  for (const name of special) {
    const id = vocab[name]
    if (typeof id === 'number') ids.set(name, id)
  }
  for (const [id, token] of Object.entries(Decoder.catch({}).parse(config.added_tokens_decoder ?? {}))) {
    ids.set(token.content, Number(id))
    if (token.special) special.add(token.content)
  }
  return [...ids].map(([content, id]) => ({ id, content, special: special.has(content), normalized: false }))
}

/** The contents of bos_token, eos_token, unk_token, pad_token and additional_special_tokens. */
function specialNames(source: Readonly<Record<string, unknown>>): string[] {
  const named = ['bos_token', 'eos_token', 'unk_token', 'pad_token'].map((key) => source[key])
  const more = z.array(z.unknown()).catch([]).parse(source.additional_special_tokens)
  return [...named, ...more].flatMap((name: unknown) => {
    const parsed = Content.safeParse(name)
    return parsed.success ? [parsed.data] : []
  })
}
