/**
 * A project file's first bytes, read before SQLite touches it: what is not a project, or comes from a newer workbench, is refused
 * with its bytes unchanged. Layout: https://www.sqlite.org/fileformat2.html, section 1.3.
 */
import { open, stat } from 'node:fs/promises'
import { fail } from '../../shared/errors'
import { failReading } from './failures'
import { FORMAT_VERSION } from './migrations'
import { APPLICATION_ID } from './schema'

const HEADER_BYTES = 100
const MAGIC = 'SQLite format 3\0'
const USER_VERSION_AT = 60
const APPLICATION_ID_AT = 68

/**
 * Fails with FILE_MISSING, FILE_UNREADABLE, PROJECT_INVALID or PROJECT_NEWER.
 * Never call it for a file that is open in this process: closing any handle of a file drops the process's locks on it (POSIX).
 */
export async function checkHeader(path: string): Promise<void> {
  const header = await readHeader(path)
  if (header.length === 0) fail('PROJECT_INVALID', { path, reason: 'the file is empty' })
  if (header.length < HEADER_BYTES) fail('PROJECT_INVALID', { path, reason: 'the file was cut off' })
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) fail('PROJECT_INVALID', { path, reason: 'it is not a database file' })
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID)
    fail('PROJECT_INVALID', { path, reason: 'it is the database of another program' })
  if (header.readUInt32BE(USER_VERSION_AT) > FORMAT_VERSION) fail('PROJECT_NEWER', { path })
}

async function readHeader(path: string): Promise<Buffer> {
  try {
    const found = await stat(path)
    // Opening a pipe would wait for ever.
    if (!found.isFile()) fail('FILE_UNREADABLE', { path, reason: found.isDirectory() ? 'it is a folder' : 'it is not a regular file' })
    const file = await open(path, 'r')
    try {
      const buffer = Buffer.alloc(HEADER_BYTES)
      const { bytesRead } = await file.read(buffer, 0, HEADER_BYTES, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (thrown) {
    failReading(path, thrown)
  }
}
