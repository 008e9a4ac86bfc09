/** What the disk and SQLite say when they refuse, as the errors of shared/errors.ts. */
import { fail, WorkbenchError } from '../../shared/errors'

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
  EBUSY: 'another program uses it',
  ENAMETOOLONG: 'the name is too long',
  EFBIG: 'the file would be too large'
}

/** Throws DISK_FULL or FILE_UNWRITABLE for an error that Node's file functions threw while writing `path`. */
export function failWriting(path: string, thrown: unknown): never {
  if (thrown instanceof WorkbenchError) throw thrown
  const code = codeOf(thrown)
  if (code === '') throw thrown
  if (code === 'ENOSPC' || code === 'EDQUOT') fail('DISK_FULL', { path }, thrown)
  fail('FILE_UNWRITABLE', { path, reason: REASONS[code] ?? messageOf(thrown) }, thrown)
}

/** Throws FILE_MISSING or FILE_UNREADABLE for an error that Node's file functions threw while reading `path`. */
export function failReading(path: string, thrown: unknown): never {
  if (thrown instanceof WorkbenchError) throw thrown
  const code = codeOf(thrown)
  if (code === '') throw thrown
  if (code === 'ENOENT') fail('FILE_MISSING', { path }, thrown)
  fail('FILE_UNREADABLE', { path, reason: REASONS[code] ?? messageOf(thrown) }, thrown)
}

/**
 * Throws the error that belongs to what SQLite threw for the project `path`: DISK_FULL, PROJECT_IN_USE, FILE_UNWRITABLE
 * or PROJECT_INVALID (damage). Anything else is a fault of ours and is thrown as it came.
 */
export function failDatabase(path: string, thrown: unknown): never {
  if (thrown instanceof WorkbenchError) throw thrown
  const code = codeOf(thrown)
  if (code.startsWith('SQLITE_FULL')) fail('DISK_FULL', { path }, thrown)
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) fail('PROJECT_IN_USE', { path }, thrown)
  if (code.startsWith('SQLITE_READONLY')) fail('FILE_UNWRITABLE', { path, reason: 'it is read-only' }, thrown)
  if (code.startsWith('SQLITE_CANTOPEN')) fail('FILE_UNWRITABLE', { path, reason: 'its folder is missing or protected' }, thrown)
  if (code.startsWith('SQLITE_IOERR')) fail('FILE_UNWRITABLE', { path, reason: messageOf(thrown) }, thrown)
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB'))
    fail('PROJECT_INVALID', { path, reason: 'it is damaged' }, thrown)
  throw thrown
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return ''
  if ('code' in thrown && typeof thrown.code === 'string' && thrown.code !== '') return thrown.code
  // libsql throws a plain Error without a code when the file itself cannot be opened
  return thrown.message.includes('Unable to open connection') ? 'SQLITE_CANTOPEN' : ''
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
