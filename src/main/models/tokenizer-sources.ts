/**
 * Which files of a model folder say how text becomes ids. The first that is there counts:
 * 1. tokenizer.json
 * 2. vocab.json with merges.txt (GPT-2's own files; older folders have nothing else)
 * 3. tokenizer.model (SentencePiece)
 * tokenizer_config.json adds what they leave open.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { fail } from '../../shared/errors'
import { readJsonObject } from '../tensors/json'
import { TokenizerConfig, TokenizerFile } from './tokenizer-file'
import { readSentencePiece } from './tokenizer-sentencepiece'
import { readVocabularyAndMerges } from './tokenizer-vocab'

/** A tokenizer as its files describe it. */
export interface TokenizerSource {
  readonly file: TokenizerFile
  readonly config: TokenizerConfig
  /** The main file, for error texts. */
  readonly path: string
  /** Pieces' scores, where SentencePiece's own files take the place of merges. */
  readonly scores?: readonly number[]
}

const SOURCES: readonly { readonly files: readonly string[]; readonly read: (folder: string, config: Record<string, unknown>) => Promise<{ raw: unknown; scores?: readonly number[] }> }[] = [
  { files: ['tokenizer.json'], read: async (folder) => ({ raw: await readJsonObject(join(folder, 'tokenizer.json')) }) },
  { files: ['vocab.json', 'merges.txt'], read: async (folder, config) => ({ raw: await readVocabularyAndMerges(folder, config) }) },
  { files: ['tokenizer.model'], read: async (folder, config) => readSentencePiece(join(folder, 'tokenizer.model'), config) }
]

/** The names of the files that a folder's tokenizer is read from; empty when there is none. */
export function tokenizerFiles(folder: string): readonly string[] {
  return SOURCES.find(({ files }) => files.every((name) => existsSync(join(folder, name))))?.files ?? []
}

/** @throws FILE_MISSING, FILE_UNREADABLE, JSON_INVALID, TOKENIZER_INVALID */
export async function readTokenizerFiles(folder: string): Promise<TokenizerSource> {
  const [main = 'tokenizer.json'] = tokenizerFiles(folder)
  const path = join(folder, main)
  const configPath = join(folder, 'tokenizer_config.json')
  const rawConfig = existsSync(configPath) ? await readJsonObject(configPath) : {}
  const config = parse(TokenizerConfig, rawConfig, configPath)
  const source = SOURCES.find(({ files }) => files[0] === main) ?? SOURCES[0]
  const { raw, scores } = (await source?.read(folder, rawConfig)) ?? { raw: null }
  return { file: parse(TokenizerFile, raw, path), config, path, ...(scores && { scores }) }
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
