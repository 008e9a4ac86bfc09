/** Inflates zip members into memory, never further than they are supposed to reach. */
import { pipeline } from 'node:stream/promises'
import { constants, createInflateRaw, inflateRawSync } from 'node:zlib'
import { WorkbenchError } from '../../shared/errors'
import { allocate, memorySource, type ByteSource } from './bytes'
import { crcOf } from './crc'
import type { Packed } from './types'
import { MAX_RATIO, type Refuse } from './zip'

/** Compressed bytes read at once. */
const READ = 2 ** 20
/** Compressed bytes that surely hold a usual header; they inflate to 4 MiB at most. */
const HEAD = 2 ** 12

/**
 * The first bytes of a deflated member: those of its first 4 KiB, or with `limit` so many of them, or all it has.
 * @throws what `refuse` throws, when the bytes are not a deflated stream
 */
export async function inflateStart(source: ByteSource, packed: Packed, refuse: Refuse, limit?: number): Promise<Buffer> {
  if (limit !== undefined) return (await inflate(source, packed, Math.min(limit, packed.inflated), refuse)).bytes
  const head = await source.read(packed.offset, Math.min(HEAD, packed.length))
  try {
    // A stream for each of thousands of members would take seconds.
    return inflateRawSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: HEAD * MAX_RATIO })
  } catch (error) {
    return refuse(notDeflated(error))
  }
}

/**
 * A whole member as a source of bytes, its length and CRC-32 checked.
 * @throws what `refuse` throws
 */
export async function inflateMember(source: ByteSource, packed: Packed, refuse: Refuse): Promise<ByteSource> {
  const { bytes, more } = await inflate(source, packed, packed.inflated, refuse)
  if (more) return refuse(`it inflates to more than the ${packed.inflated} bytes it claims`)
  if (bytes.length < packed.inflated) return refuse(`it inflates to ${bytes.length} bytes, but claims ${packed.inflated}`)
  if (crcOf(bytes) !== packed.crc) return refuse('its checksum is wrong')
  return memorySource(bytes)
}

/** Thrown inside the pipeline to end it early. */
class Enough extends Error {}

/** Inflates until `limit` bytes are there; `more` says whether there would have been further ones. */
async function inflate(
  source: ByteSource,
  { offset, length }: Packed,
  limit: number,
  refuse: Refuse
): Promise<{ bytes: Buffer; more: boolean }> {
  const out = allocate(limit, 'inflating a compressed array')
  let done = 0
  const compressed = async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < length; at += READ) yield await source.read(offset + at, Math.min(READ, length - at))
  }
  try {
    await pipeline(compressed, createInflateRaw(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        chunk.copy(out, done)
        done += chunk.length
        if (done > limit) throw new Enough()
      }
    })
  } catch (error) {
    if (error instanceof Enough) return { bytes: out, more: true }
    if (error instanceof WorkbenchError) throw error
    return refuse(notDeflated(error))
  }
  return { bytes: out.subarray(0, done), more: false }
}

const notDeflated = (error: unknown): string => `it is not a deflated stream (${error instanceof Error ? error.message : String(error)})`
