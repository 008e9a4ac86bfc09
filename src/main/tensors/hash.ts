/** Fingerprints of files on disk, so that two rankings can be told to come from the same model and SAE. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { failToRead } from './files'

/** Files above this size are sampled: reading 10 GB on every start would take many seconds. */
const SAMPLE_ABOVE = 2 * 1024 ** 3
const SAMPLES = 256
const SAMPLE_BYTES = 1024 ** 2

/** Reading runs at about 1 GB/s (GPT-2 small, 498 MB: 0.5 s). Digest per file, remembered while path, size and modification time stay the same. */
const known = new Map<string, { size: number; mtimeMs: number; digest: string }>()

/**
 * One fingerprint over several files: sha256 of the lines "<file name> <size> <sha256 of its content>". Written as
 * "sha256:<hex>". When a file is larger than 2 GiB, its digest covers its size and 256 blocks of 1 MiB spread evenly from
 * the first byte to the last, and the fingerprint is written "sha256-sampled:<hex>" so that it is never taken for a full one.
 * @throws FILE_MISSING, FILE_UNREADABLE
 */
export async function hashFiles(paths: readonly string[]): Promise<string> {
  const whole = createHash('sha256')
  let sampled = false
  for (const path of paths) {
    const { size, digest } = await fileDigest(path)
    sampled ||= size > SAMPLE_ABOVE
    whole.update(`${basename(path)} ${size} ${digest}\n`)
  }
  return `${sampled ? 'sha256-sampled' : 'sha256'}:${whole.digest('hex')}`
}

async function fileDigest(path: string): Promise<{ size: number; digest: string }> {
  try {
    const { size, mtimeMs } = await stat(path)
    const before = known.get(path)
    if (before?.size === size && before.mtimeMs === mtimeMs) return before
    const digest = size > SAMPLE_ABOVE ? await sampleDigest(path, size) : await fullDigest(path)
    known.set(path, { size, mtimeMs, digest })
    return { size, digest }
  } catch (error) {
    return failToRead(path, error)
  }
}

async function fullDigest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: SAMPLE_BYTES }), hash)
  return hash.digest('hex')
}

/** Exported for its test, which cannot afford a file of 2 GiB. */
export async function sampleDigest(path: string, size: number): Promise<string> {
  const hash = createHash('sha256').update(`${size}\n`)
  const block = Buffer.alloc(Math.min(SAMPLE_BYTES, size))
  const file = await open(path, 'r')
  try {
    for (let i = 0; i < SAMPLES; i++) {
      const { bytesRead } = await file.read(block, 0, block.length, Math.floor(((size - block.length) * i) / (SAMPLES - 1)))
      hash.update(block.subarray(0, bytesRead))
    }
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}
