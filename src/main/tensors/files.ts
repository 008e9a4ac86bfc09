/** Failures of the file system as texts a person can act on. */
import { fail } from '../../shared/errors'

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
