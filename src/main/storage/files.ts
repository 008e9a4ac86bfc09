/** Whole files written so that a reader finds the old or the new content, never half of one. */
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { failWriting } from './failures'

/** A name beside `path` for a file that will be renamed to it: the same folder, so the rename stays within one disk. */
export function temporaryBeside(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}.tmp`
}

/**
 * Writes `content` beside `path`, brings it to the disk and renames it over `path`.
 * Fails with DISK_FULL or FILE_UNWRITABLE; then `path` is as it was and nothing is left behind.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryBeside(path)
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await replaceFile(temporary, path)
  } catch (thrown) {
    await discard(temporary)
    failWriting(path, thrown)
  }
}

/** Removes a file that may not be there; what cannot be removed stays. */
export async function discard(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch {
    // it is a leftover: the error that led here says more
  }
}

/** Renames a finished file over `path` and brings the rename itself to the disk. */
export async function replaceFile(finished: string, path: string): Promise<void> {
  await rename(finished, path)
  await syncFolder(dirname(path))
}

/** Brings the content of a finished file to the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

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
