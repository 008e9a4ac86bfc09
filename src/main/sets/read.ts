/** The file that prompts come from, as text. Imports nothing that computes: the archive uses it. */
import { readFile } from 'node:fs/promises'
import { fail } from '../../shared/errors'
import type { SetColumns, SetPrompt } from '../../shared/records/sets'
import { utf8 } from '../tables/csv'
import { checkFile, failToRead } from '../tensors/files'
import { lookAtPrompts, parsePrompts, type PromptsLook } from './prompts'

/** A million prompts of 256 bytes. */
const MAX_BYTES = 2 ** 28

/** Columns and first rows of a file of prompts. @throws FILE_MISSING, FILE_UNREADABLE, PROMPTS_INVALID */
export async function lookIntoPrompts(path: string): Promise<PromptsLook> {
  return lookAtPrompts(path, await textOf(path))
}

/** Every prompt of a file; see `parsePrompts`. @throws FILE_MISSING, FILE_UNREADABLE, PROMPTS_INVALID */
export async function readPrompts(path: string, columns: SetColumns | null): Promise<SetPrompt[]> {
  return parsePrompts(path, await textOf(path), columns)
}

async function textOf(path: string): Promise<string> {
  await checkFile(path, MAX_BYTES)
  const bytes = await readFile(path).catch((error: unknown) => failToRead(path, error))
  return utf8(bytes) ?? fail('PROMPTS_INVALID', { path, where: 'the file', reason: 'it is not text in UTF-8' })
}
