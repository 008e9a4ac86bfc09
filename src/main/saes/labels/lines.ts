/**
 * Files of lines from anywhere: plain or gzipped (told by their first bytes, not by their names), read as a stream, every size bounded.
 * What a line may hold is for others to say.
 */
import { createReadStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip, type Gunzip } from 'node:zlib'
import { Cancelled, WorkbenchError } from '../../../shared/errors'
import { failToRead } from '../../tensors/files'

/** Longest line of our own files and of most exports, in bytes. */
export const LINE_BYTES = 2 ** 20
/** Most that one file may unpack to: what a small file blows up beyond this is no export of labels. */
export const FILE_BYTES = 2 ** 32

const CHUNK = 2 ** 20
const NEWLINE = 0x0a
/** Longest first line by which a file may be recognised: the longest that any format has. */
const FIRST_LINE_BYTES = 2 ** 24

/** Where a line lies in its unpacked file: its number from 1, and bytes. */
export interface Place {
  readonly line: number
  readonly offset: number
  readonly length: number
}

export interface LineLimits {
  readonly lineBytes: number
  readonly fileBytes: number
}

/** Refuses a file by one of its lines; `broken` where its gzip is damaged or cut off. */
export type Refuse = (line: number, reason: string, broken?: boolean) => never

/** Thrown by a visitor that has seen enough: the rest of the file is not read. */
export class Enough extends Error {}

/**
 * Calls `visit` with every line of `path` that is not blank, in order, waiting where it returns a promise. Sizes beyond the limits and
 * broken gzip go to `refuse`.
 * @throws FILE_MISSING, FILE_UNREADABLE, what `refuse` and `visit` throw
 */
export async function eachLine(
  path: string,
  { lineBytes, fileBytes }: LineLimits,
  refuse: Refuse,
  visit: (text: string, place: Place) => void | Promise<void>
): Promise<void> {
  let rest = Buffer.alloc(0)
  let [line, offset, seen] = [1, 0, 0]
  const take = (bytes: Buffer): void | Promise<void> => {
    if (bytes.length > lineBytes) refuse(line, `it is longer than ${lineBytes} bytes`)
    const place = { line, offset, length: bytes.length }
    line += 1
    offset += bytes.length + 1
    const text = bytes.toString('utf8')
    return text.trim() === '' ? undefined : visit(text, place)
  }
  const consume = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      seen += chunk.length
      if (seen > fileBytes) refuse(line, `the file holds more than ${fileBytes} bytes`)
      let buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      for (let end = buffer.indexOf(NEWLINE); end >= 0; end = buffer.indexOf(NEWLINE)) {
        const taken = take(buffer.subarray(0, end))
        if (taken) await taken
        buffer = buffer.subarray(end + 1)
      }
      if (buffer.length > lineBytes) refuse(line, `it is longer than ${lineBytes} bytes`)
      rest = Buffer.from(buffer)
    }
  }
  const file = createReadStream(path, { highWaterMark: CHUNK })
  try {
    await consume((await isGzip(path)) ? unzipped(file) : file)
    if (rest.length > 0) await take(rest)
  } catch (error) {
    if (error instanceof Enough) return
    if (error instanceof WorkbenchError || error instanceof Cancelled || !(error instanceof Error)) throw error
    if ('code' in error && String(error.code).startsWith('Z_')) refuse(line, `it is not a whole gzip file (${error.message})`, true)
    if ('syscall' in error) failToRead(path, error)
    throw error
  } finally {
    file.destroy()
  }
}

/** A stream through gunzip; where the file cannot be read, reading on fails as well. */
function unzipped(file: ReadStream): Gunzip {
  const unzip = createGunzip({ chunkSize: CHUNK })
  file.once('error', (error) => unzip.destroy(error))
  return file.pipe(unzip)
}

/**
 * The first line of a file as JSON; undefined where it is none, or no text at all. Damaged gzip goes to `refuse`.
 * @throws FILE_MISSING, FILE_UNREADABLE, what `refuse` throws
 */
export async function firstLineOf(path: string, refuse: Refuse): Promise<unknown> {
  let first: string | undefined
  const limits = { lineBytes: FIRST_LINE_BYTES, fileBytes: 2 * FIRST_LINE_BYTES }
  const leave: Refuse = (line, reason, broken) => {
    if (broken === true) return refuse(line, reason, broken)
    throw new Enough()
  }
  await eachLine(path, limits, leave, (text) => {
    first = text
    throw new Enough()
  })
  try {
    return first === undefined ? undefined : JSON.parse(first)
  } catch {
    return undefined
  }
}

/** The bytes of one line of a plain file, as text; null where the file has become shorter. @throws FILE_MISSING, FILE_UNREADABLE */
export async function readPlace(path: string, { offset, length }: Place): Promise<string | null> {
  const bytes = await readAt(path, offset, length)
  return bytes.length === length ? bytes.toString('utf8') : null
}

async function isGzip(path: string): Promise<boolean> {
  const start = await readAt(path, 0, 2)
  return start[0] === 0x1f && start[1] === 0x8b
}

async function readAt(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => failToRead(path, error))
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    return failToRead(path, error)
  } finally {
    await file.close()
  }
}
