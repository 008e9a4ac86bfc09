/**
 * Labels beside an SAE's weights: latents.jsonl, one latent a line. The file comes from anywhere: lines are bounded and parsed before
 * anything is believed. Only labels and the places of lines are kept; a whole record is read again when it is asked for.
 */
import { createReadStream, existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import type { LatentLabel } from '../../shared/records/latent'
import { checkFile, failToRead } from '../tensors/files'
import type { Sae } from './types'

export const LABELS_FILE = 'latents.jsonl'

const MAX_LINE = 2 ** 20
const NEWLINE = 0x0a

const Short = z.object({ id: z.number().int().nonnegative(), label: z.string().nullish(), label_from: z.string().nullish() })

const Context = z
  .object({ ids: z.array(z.number().int().nonnegative()), acts: z.array(z.number()), at: z.number().int().nonnegative() })
  .refine(
    ({ ids, acts, at }) => acts.length === ids.length && at < ids.length,
    'a context has one activation for each token, and "at" is one of them'
  )

/** A whole line of latents.jsonl. Keys that are not used are ignored. */
const LabelRecord = Short.extend({ rate: z.number().nullish(), max: z.number().nullish(), contexts: z.array(Context).nullish() })
export type LabelRecord = z.infer<typeof LabelRecord>

/** The labels of one SAE. */
export interface Labels {
  /** Every latent that has one, in the order of the file; none when there is no file. */
  readonly all: readonly LatentLabel[]
  /** All that the file says of one latent; null when it says nothing. @throws FILE_UNREADABLE, LABELS_INVALID */
  record(latent: number): Promise<LabelRecord | null>
}

/** Where a latent's line lies in the file, in bytes. */
interface Place {
  readonly line: number
  readonly offset: number
  readonly length: number
}

/** Reads the labels once, line by line. @throws FILE_UNREADABLE, LABELS_INVALID */
export async function openLabels(sae: Sae): Promise<Labels> {
  const path = join(sae.folder, LABELS_FILE)
  if (!existsSync(path)) return { all: [], record: () => Promise.resolve(null) }
  await checkFile(path)
  const all: LatentLabel[] = []
  const places = new Map<number, Place>()
  await eachLine(path, (text, place) => {
    const { id, label, label_from } = parseLine(Short, text, path, place.line)
    if (id >= sae.d_sae) invalid(path, place.line, `there is no latent ${id}: they are numbered 0 to ${sae.d_sae - 1}`)
    if (places.has(id)) invalid(path, place.line, `the latent ${id} occurs twice`)
    places.set(id, place)
    if (label) all.push({ latent: id, label, source: label_from ?? '' })
  })
  return {
    all,
    async record(latent) {
      const place = places.get(latent)
      return place === undefined ? null : parseLine(LabelRecord, await readPlace(path, place), path, place.line)
    }
  }
}

async function eachLine(path: string, visit: (text: string, place: Place) => void): Promise<void> {
  let rest = Buffer.alloc(0)
  let [line, offset] = [1, 0]
  const take = (bytes: Buffer): void => {
    const text = bytes.toString('utf8')
    if (text.trim() !== '') visit(text, { line, offset, length: bytes.length })
    line += 1
    offset += bytes.length + 1
  }
  const stream = createReadStream(path, { highWaterMark: MAX_LINE })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      for (let end = buffer.indexOf(NEWLINE); end >= 0; end = buffer.indexOf(NEWLINE)) {
        take(buffer.subarray(0, end))
        buffer = buffer.subarray(end + 1)
      }
      if (buffer.length > MAX_LINE) invalid(path, line, `it is longer than ${MAX_LINE} bytes`)
      rest = Buffer.from(buffer)
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) failToRead(path, error)
    throw error
  }
  if (rest.length > 0) take(rest)
}

async function readPlace(path: string, { offset, length, line }: Place): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => failToRead(path, error))
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
    return bytesRead === length ? buffer.toString('utf8') : invalid(path, line, 'the file has become shorter')
  } finally {
    await file.close()
  }
}

function parseLine<T extends z.ZodType>(schema: T, text: string, path: string, line: number): z.output<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return invalid(path, line, error instanceof Error ? error.message : String(error))
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return invalid(path, line, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is malformed'}`)
}

function invalid(path: string, line: number, reason: string): never {
  return fail('LABELS_INVALID', { path, line, reason })
}
