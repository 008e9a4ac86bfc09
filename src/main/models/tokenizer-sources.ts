/**
 * Which files of a model folder say how text becomes ids. The first that is there counts:
 * 1. tokenizer.json
 * 2. vocab.json with merges.txt (GPT-2's own files; older folders have nothing else)
 * 3. tokenizer.model (SentencePiece)
 * tokenizer_config.json adds what they leave open.
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
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

interface Kind {
  readonly files: readonly string[]
  /** What is read as well where it is there. */
  readonly beside: readonly string[]
  read(folder: string, config: Record<string, unknown>): Promise<{ readonly raw: unknown; readonly scores?: readonly number[] }>
}

const SOURCES: readonly Kind[] = [
  {
    files: ['tokenizer.json'],
    beside: [],
    read: async (folder) => ({ raw: await readJsonObject(join(folder, 'tokenizer.json')) })
  },
  {
    files: ['vocab.json', 'merges.txt'],
    beside: ['added_tokens.json', 'special_tokens_map.json', 'tokenizer_config.json'],
    read: async (folder, config) => ({ raw: await readVocabularyAndMerges(folder, config) })
  },
  {
    files: ['tokenizer.model'],
    beside: ['tokenizer_config.json'],
    read: (folder, config) => readSentencePiece(join(folder, 'tokenizer.model'), config)
  }
]

/** The paths that a folder's tokenizer is read from, the main one first; empty when there is none. */
export function tokenizerPaths(folder: string): string[] {
  const is = (name: string): boolean => existsSync(join(folder, name))
  const found = SOURCES.find(({ files }) => files.every(is))
  return found === undefined ? [] : [...found.files, ...found.beside.filter(is)].map((name) => join(folder, name))
}

/** The names of all files that can be a tokenizer, for error texts. */
export const TOKENIZER_FILES = SOURCES.map(({ files }) => files.join(' with ')).join(', ')

/** @throws FILE_MISSING, FILE_UNREADABLE, JSON_INVALID, TOKENIZER_INVALID */
export async function readTokenizerFiles(folder: string): Promise<TokenizerSource> {
  const [path = join(folder, 'tokenizer.json')] = tokenizerPaths(folder)
  const configPath = join(folder, 'tokenizer_config.json')
  const rawConfig = existsSync(configPath) ? await readJsonObject(configPath) : {}
  const config = parse(TokenizerConfig, rawConfig, configPath)
  const source = SOURCES.find(({ files }) => files[0] === basename(path)) ?? SOURCES[0]
  const { raw, scores } = (await source?.read(folder, rawConfig)) ?? { raw: null }
  return { file: parse(TokenizerFile, raw, path), config, path, ...(scores && { scores }) }
}

function parse<T>(schema: z.ZodType<T>, raw: unknown, path: string): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return fail('TOKENIZER_INVALID', { path, reason: `${issue?.path.join('.') || 'it'} is not as expected (${issue?.message ?? 'malformed'})` })
}
