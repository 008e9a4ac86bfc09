/** Files written so that a reader finds the old or the new content, never half of one. */
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WorkbenchError } from '../../shared/errors'
import { failToWrite } from './files'

/**
 * Writes `parts` one after the other beside `path`, brings them to the disk and renames the file over `path`. What fails, also in
 * making the parts, leaves `path` as it was and nothing beside it.
 * @throws DISK_FULL, FILE_UNWRITABLE, and what `parts` throws
 */
export async function writeWhole(path: string, parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<void> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`
  try {
    const file = await open(temporary, 'wx')
    try {
      for await (const part of parts) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    if (error instanceof WorkbenchError || !(error instanceof Error) || !('syscall' in error)) throw error
    failToWrite(path, error)
  }
}

/** Brings a rename to the disk. */
async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder for syncing; its rename is journalled by the file system
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
