/**
 * A tally on disk, so that a computation that was cancelled or killed goes on where it was. One file, written beside and renamed into
 * place: a header in JSON (its length in the first four bytes), the numbers, and the sha256 of all that. One that does not
 * add up is as good as none.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { UnfinishedLabels } from '../../shared/records/latent'
import { storeFolder } from '../saes'
import type { Sae } from '../saes/types'
import { failToWrite } from '../tensors/files'
import { writeWhole } from '../tensors/whole-file'
import { blockLength, type Tally } from './tally'

const DIGEST = 32
/** Paths and settings fit in this by far. */
const HEADER_BYTES = 2 ** 18
/** Latents written at once: a write for each would take longer than what is written. */
const BLOCKS_AT_ONCE = 1024
const SUFFIX = '.checkpoint'

const Header = z.object({
  version: z.literal(1),
  about: UnfinishedLabels,
  /** What computed it: numbers of another device or runtime are not mixed with these. */
  machine: z.string(),
  d_sae: z.number().int(),
  contexts: z.number().int(),
  positions: z.number().int(),
  blocks: z.number().int()
})

export interface Checkpoint {
  readonly about: UnfinishedLabels
  readonly machine: string
  readonly tally: Tally
}

/** Where unfinished computations of an SAE lie: beside its labels, not among them. */
export function workFolder(root: string, sae: Pick<Sae, 'hash'>): string {
  return `${storeFolder(root, sae)}.unfinished`
}

export function checkpointPath(root: string, sae: Pick<Sae, 'hash'>, id: string): string {
  return join(workFolder(root, sae), `${id}${SUFFIX}`)
}

/** Names of the latents of a computation whose text has been read. */
export function namesPath(root: string, sae: Pick<Sae, 'hash'>, id: string): string {
  return join(workFolder(root, sae), `${id}.names`)
}

/** @throws DISK_FULL, FILE_UNWRITABLE; then the last checkpoint is as it was */
export async function saveCheckpoint(path: string, { about, machine, tally }: Checkpoint): Promise<void> {
  const latents = Int32Array.from([...tally.blocks.keys()].sort((a, b) => a - b))
  const { fires, contexts, positions } = tally
  const header = { version: 1, about, machine, d_sae: fires.length, contexts, positions, blocks: latents.length }
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => failToWrite(path, error))
  await writeWhole(path, withDigest(partsOf(JSON.stringify(header), tally, latents)))
}

function* partsOf(header: string, { fires, max, held, blocks }: Tally, latents: Int32Array): Generator<Uint8Array> {
  const text = Buffer.from(header)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  yield* [length, text, bytesOf(fires), bytesOf(max), held, bytesOf(latents)]
  for (let first = 0; first < latents.length; first += BLOCKS_AT_ONCE) {
    const some = Array.from(latents.subarray(first, first + BLOCKS_AT_ONCE), (latent) => blocks.get(latent) ?? new Float32Array(0))
    yield Buffer.concat(some.map(bytesOf))
  }
}

function* withDigest(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  const digest = createHash('sha256')
  for (const part of parts) {
    digest.update(part)
    yield part
  }
  yield digest.digest()
}

/** The checkpoint at `path`; null where there is none or it is damaged. */
export async function readCheckpoint(path: string): Promise<Checkpoint | null> {
  const file = await readFile(path).catch(() => null)
  if (file === null || file.length < 4 + DIGEST) return null
  const content = file.subarray(0, file.length - DIGEST)
  if (
    !createHash('sha256')
      .update(content)
      .digest()
      .equals(file.subarray(file.length - DIGEST))
  )
    return null
  const header = parseHeader(content)
  if (header === null) return null
  const { about, machine, d_sae, contexts, positions, blocks } = header
  let at = 4 + content.readUInt32LE(0)
  const take = (bytes: number): ArrayBuffer => {
    // A copy begins at a multiple of four bytes, as its numbers need.
    const copy = new Uint8Array(content.subarray(at, at + bytes)).buffer
    at += bytes
    return copy
  }
  const tally: Tally = {
    contexts,
    positions,
    fires: new Uint32Array(take(4 * d_sae)),
    max: new Float32Array(take(4 * d_sae)),
    held: new Uint8Array(take(d_sae)),
    blocks: new Map()
  }
  for (const latent of new Int32Array(take(4 * blocks))) tally.blocks.set(latent, new Float32Array(take(4 * blockLength(tally))))
  return { about, machine, tally }
}

/** Every unfinished computation of an SAE, by their headers alone. */
export async function listUnfinished(root: string, sae: Pick<Sae, 'hash'>): Promise<UnfinishedLabels[]> {
  const folder = workFolder(root, sae)
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(SUFFIX)).sort()
  const headers = await Promise.all(names.map((name) => headerAt(join(folder, name))))
  return headers.flatMap((header) => (header === null ? [] : [header.about]))
}

async function headerAt(path: string): Promise<z.infer<typeof Header> | null> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return null
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    return parseHeader(buffer.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}

/** Removes an unfinished computation. False where there was none. */
export async function discardUnfinished(root: string, sae: Pick<Sae, 'hash'>, id: string): Promise<boolean> {
  const names: string[] = await readdir(workFolder(root, sae)).catch(() => [])
  if (!names.includes(`${id}${SUFFIX}`)) return false
  for (const path of [checkpointPath(root, sae, id), namesPath(root, sae, id)]) await rm(path, { force: true })
  return true
}

function parseHeader(content: Buffer): z.infer<typeof Header> | null {
  try {
    return Header.parse(JSON.parse(content.subarray(4, 4 + content.readUInt32LE(0)).toString('utf8')))
  } catch {
    return null
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
