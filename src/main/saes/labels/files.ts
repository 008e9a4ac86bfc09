/** Which files of a folder hold labels, by their content. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../../../shared/errors'
import { breathe, type Task } from '../../../shared/task'
import { checkFile, failToRead } from '../../tensors/files'
import { LABEL_FORMATS } from '../label-formats'
import type { LabelFormat } from '../label-formats/types'
import { firstLineOf } from './lines'

const MAX_DEPTH = 8
const MAX_FILES = 2 ** 20

export interface LabelFile {
  readonly path: string
  readonly format: LabelFormat
}

/**
 * The files at or below `path` that a label format knows, in the order of their names, and how many are of no format. Links and hidden
 * files are passed over; a batch whose download was cut off is refused, lest its labels be missing without a word.
 * @throws FILE_MISSING, FILE_UNREADABLE, LABEL_EXPORT_INVALID
 */
export async function recognised(path: string, task: Task): Promise<{ files: LabelFile[]; ignored: number }> {
  const found = await stat(path).catch((error: unknown) => failToRead(path, error))
  if (!found.isDirectory()) await checkFile(path)
  const candidates = found.isDirectory() ? await filesBelow(path) : [path]
  const files: LabelFile[] = []
  for (const [index, candidate] of candidates.entries()) {
    await breathe(task)
    task.progress('Looking for labels', index, candidates.length)
    const first = await firstLineOf(candidate, (line, reason) => fail('LABEL_EXPORT_INVALID', { path: candidate, line, reason }))
    const format = LABEL_FORMATS.find(({ matches }) => matches(first, candidate))
    if (format) files.push({ path: candidate, format })
  }
  return { files, ignored: candidates.length - files.length }
}

async function filesBelow(root: string): Promise<string[]> {
  const files: string[] = []
  const waiting = [{ folder: root, depth: 0 }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { folder, depth } = next
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => failToRead(folder, error))
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const path = join(folder, entry.name)
      if (entry.isFile()) files.push(path)
      else if (entry.isDirectory() && depth < MAX_DEPTH) waiting.push({ folder: path, depth: depth + 1 })
    }
    if (files.length > MAX_FILES) fail('FILE_UNREADABLE', { path: root, reason: `it holds more than ${MAX_FILES} files` })
  }
  return files.sort()
}
