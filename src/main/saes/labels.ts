/**
 * Labels beside the weights: latents.jsonl, one latent a line. Read line by line and never held whole: the index keeps each latent's
 * label and the place of its line. Lines that cannot be read are skipped; a file from elsewhere is hostile until parsed.
 */
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { LatentLabel } from '../../shared/records/latent'
import { failToRead } from '../tensors/files'
import type { Sae } from './types'

export const LABELS_FILE = 'latents.jsonl'

/** Longest line that is read, in bytes. */
const MAX_LINE = 1_000_000

const finite = z.number().refine(Number.isFinite)

const Line = z.looseObject({
  id: z.number().int().nonnegative(),
  label: z.string().max(2000).nullish(),
  label_from: z.string().max(200).nullish(),
  rate: finite.nullish(),
  max: finite.nullish(),
  contexts: z
    .array(z.looseObject({ ids: z.array(z.number().int().nonnegative()).max(4096), at: z.number().int().nonnegative(), acts: z.array(finite).max(4096) }))
    .max(1000)
    .nullish()
})
export type LabelLine = z.infer<typeof Line>

interface Place {
  readonly offset: number
  readonly length: number
}

/** The labels of one SAE: all of them in short, and one in full. */
export interface LabelIndex {
  readonly labels: readonly LatentLabel[]
  /** Everything the file says of a latent, or null. */
  line(latent: number): Promise<LabelLine | null>
}

/** Reads the index of an SAE's labels; null when the folder has none. @throws FILE_UNREADABLE */
export async function readLabels(sae: Sae): Promise<LabelIndex | null> {
  const path = join(sae.folder, LABELS_FILE)
  const found = await stat(path).catch(() => null)
  if (found === null || !found.isFile()) return null
  const places = new Map<number, Place>()
  const labels: LatentLabel[] = []
  for await (const { bytes, offset } of lines(path)) {
    const line = parse(bytes)
    if (line === null || line.id >= sae.d_sae || places.has(line.id)) continue
    places.set(line.id, { offset, length: bytes.length })
    if (line.label) labels.push({ latent: line.id, label: line.label, source: line.label_from ?? LABELS_FILE })
  }
  return {
    labels,
    async line(latent) {
      const place = places.get(latent)
      return place === undefined ? null : parse(await readPlace(path, place))
    }
  }
}

function parse(bytes: Buffer): LabelLine | null {
  try {
    const parsed = Line.safeParse(JSON.parse(bytes.toString('utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

async function readPlace(path: string, { offset, length }: Place): Promise<Buffer> {
  const handle = await open(path, 'r').catch((error: unknown) => failToRead(path, error))
  try {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await handle.read(buffer, 0, length, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The lines of a file with their places; a line that is too long is passed over. */
async function* lines(path: string): AsyncGenerator<{ bytes: Buffer; offset: number }> {
  let pieces: Buffer[] = []
  let size = 0
  let offset = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(10, start); end !== -1; end = chunk.indexOf(10, start)) {
      size += end - start
      if (size <= MAX_LINE) yield { bytes: Buffer.concat([...pieces, chunk.subarray(start, end)]), offset }
      offset += size + 1
      ;[pieces, size, start] = [[], 0, end + 1]
    }
    size += chunk.length - start
    if (size <= MAX_LINE) pieces.push(chunk.subarray(start))
    else pieces = []
  }
  if (size > 0 && size <= MAX_LINE) yield { bytes: Buffer.concat(pieces), offset }
}
