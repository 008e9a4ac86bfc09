/** Failures of the file system as texts a person can act on. */
import { stat } from 'node:fs/promises'
import { fail } from '../../shared/errors'

/**
 * Refuses what is not a regular file of at most `limit` bytes, before it is opened: opening a pipe would wait for ever, and reading
 * gigabytes where a few are expected would end in a text about memory.
 * @throws FILE_MISSING, FILE_UNREADABLE
 */
export async function checkFile(path: string, limit = Infinity): Promise<void> {
  const found = await stat(path).catch((error: unknown) => failToRead(path, error))
  if (found.isDirectory()) fail('FILE_UNREADABLE', { path, reason: 'it is a folder' })
  if (!found.isFile()) fail('FILE_UNREADABLE', { path, reason: 'it is not a regular file' })
  if (found.size > limit) fail('FILE_UNREADABLE', { path, reason: `it has ${found.size} bytes, more than the ${limit} that are read` })
}

/** Refuses with FILE_MISSING or FILE_UNREADABLE, by what the system said. */
export function failToRead(path: string, error: unknown): never {
  const code = systemCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return fail('FILE_MISSING', { path }, error)
  return fail('FILE_UNREADABLE', { path, reason: reasonOf(error) }, error)
}

/** Refuses with DISK_FULL or FILE_UNWRITABLE, by what the system said. */
export function failToWrite(path: string, error: unknown): never {
  const code = systemCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('DISK_FULL', { path }, error)
  return fail('FILE_UNWRITABLE', { path, reason: reasonOf(error) }, error)
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function reasonOf(error: unknown): string {
  return systemCode(error) || (error instanceof Error ? error.message : String(error))
}
