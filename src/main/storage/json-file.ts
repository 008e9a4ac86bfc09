/** A JSON file of ours in the user-data folder: read whole, checked, never lost when damaged. */
import { mkdir, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { failReading, failWriting } from './failures'
import { writeFileAtomic } from './files'

/**
 * The content of `path` as `schema` parses it. A missing file gives what the schema makes of `empty`; so does a damaged one,
 * which is kept beside as `<path>.damaged`. Fails with FILE_UNREADABLE.
 */
export async function readJsonFile<S extends z.ZodType>(path: string, schema: S, empty: z.input<S>): Promise<z.output<S>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return schema.parse(empty)
    failReading(path, thrown)
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    await setAside(path)
    return schema.parse(empty)
  }
}

/** Writes `value` as JSON, atomically; makes the folder when it is missing. Fails with DISK_FULL or FILE_UNWRITABLE. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
  } catch (thrown) {
    failWriting(path, thrown)
  }
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
}

async function setAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.damaged`)
  } catch (thrown) {
    failWriting(path, thrown)
  }
}
