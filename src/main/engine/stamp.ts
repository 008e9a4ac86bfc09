import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Names, sizes and times of a folder's files: changes when any of them is replaced, so that an opened model or SAE is never used
 * after its files have changed. Empty for what is not a readable folder; opening it then says why.
 */
export async function folderStamp(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => [])
  const files = await Promise.all(names.sort().map(async (name) => ({ name, found: await stat(join(folder, name)).catch(() => null) })))
  return files.map(({ name, found }) => `${name} ${found?.size ?? ''} ${found?.mtimeMs ?? ''}`).join('\n')
}

/** The stamp as 16 digits; '' where there is nothing. */
export async function shortStamp(path: string): Promise<string> {
  const stamp = await folderStamp(path)
  return stamp === '' ? '' : createHash('sha256').update(stamp).digest('hex').slice(0, 16)
}
