/**
 * Latents in words, from what was counted: the tokens at which a latent peaks, and the tokens that its decoder row promotes. Written in
 * blocks of latents in the order of their numbers, so that a run that was interrupted goes on after the last whole block.
 */
import { open, readFile, type FileHandle } from 'node:fs/promises'
import type { Token } from '../../shared/records/token'
import { breathe, type Task } from '../../shared/task'
import type { Model } from '../models/types'
import { readDirections, writesToStream, type Lens } from '../saes'
import type { LabelRecord } from '../saes/labels/record'
import type { Sae } from '../saes/types'
import { failToWrite } from '../tensors/files'
import { contextsOf, type Tally } from './tally'

/** Decoder rows that are seen through the unembedding at once: 64, and fewer where a vocabulary is so large that their logits are. */
const BLOCK = 64
const LOGITS_AT_ONCE = 2 ** 23
const PEAKS = 4
const PROMOTED = 3

export interface NamesRequest {
  readonly path: string
  readonly sae: Sae
  readonly model: Model
  readonly lens: Lens
  readonly tally: Tally
  /** Who made the labels, in words. */
  readonly source: string
}

/**
 * Writes one record for every latent to `path`, one line each; lines that are there already are kept. Rejects with Cancelled, and then
 * goes on from there the next time. @throws DISK_FULL, FILE_UNWRITABLE, and what reading the SAE may throw
 */
export async function writeNames(request: NamesRequest, task: Task): Promise<void> {
  const { path, sae, model } = request
  const size = Math.max(1, Math.min(BLOCK, Math.floor(LOGITS_AT_ONCE / model.config.d_vocab)))
  const { lines, bytes } = await wholeBlocks(path, size)
  const guarded = <T>(work: () => Promise<T>): Promise<T> => work().catch((error: unknown) => failToWrite(path, error))
  const file = await guarded(() => open(path, 'a'))
  try {
    await guarded(() => file.truncate(bytes))
    for (let first = lines; first < sae.d_sae; first += size) {
      await breathe(task)
      task.progress('Naming latents', first, sae.d_sae)
      const records = await namesOf(request, first, Math.min(first + size, sae.d_sae))
      await guarded(() => append(file, records))
    }
    await guarded(() => file.sync())
  } finally {
    await file.close()
  }
}

function append(file: FileHandle, records: readonly LabelRecord[]): Promise<void> {
  return file.appendFile(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
}

/** How much of a file that may have been cut off anywhere is whole blocks of lines. */
async function wholeBlocks(path: string, size: number): Promise<{ lines: number; bytes: number }> {
  const content = await readFile(path).catch(() => Buffer.alloc(0))
  let [lines, bytes, at] = [0, 0, 0]
  for (let end = content.indexOf(0x0a); end >= 0; end = content.indexOf(0x0a, at)) {
    at = end + 1
    lines += 1
    if (lines % size === 0) bytes = at
  }
  return { lines: lines - (lines % size), bytes }
}

async function namesOf({ sae, model, lens, tally, source }: NamesRequest, from: number, to: number): Promise<LabelRecord[]> {
  const latents = Array.from({ length: to - from }, (_, i) => from + i)
  const fired = latents.filter((latent) => (tally.fires[latent] ?? 0) > 0)
  const promoted = await promotedBy(lens, sae, fired)
  return latents.map((latent): LabelRecord => {
    if ((tally.fires[latent] ?? 0) === 0) return { id: latent, rate: 0, max: 0 }
    const contexts = contextsOf(tally, latent)
    const peaks = contexts.map(({ ids, at }) => model.tokenizer.token(ids[at] ?? 0))
    return {
      id: latent,
      label: labelOf(peaks, promoted.get(latent) ?? []),
      label_from: source,
      rate: (tally.fires[latent] ?? 0) / tally.positions,
      max: rounded(tally.max[latent] ?? 0),
      contexts: contexts.map(({ ids, acts, at }) => ({ ids, acts: acts.map(rounded), at }))
    }
  })
}

/** The tokens that each latent's decoder row promotes; none where it does not write into the residual stream. */
async function promotedBy(lens: Lens, sae: Sae, latents: readonly number[]): Promise<Map<number, readonly Token[]>> {
  if (latents.length === 0 || !writesToStream(sae)) return new Map()
  const { raw } = await readDirections(sae, latents)
  const rows = new Float32Array(latents.length * sae.d_out)
  latents.forEach((latent, i) => rows.set(raw.get(latent) ?? [], i * sae.d_out))
  const looked = await lens.look(rows)
  return new Map(latents.map((latent, i) => [latent, (looked[i]?.promoted ?? []).filter(({ weight }) => weight > 0)]))
}

/** `on " red", " blue"; promotes " ball"`: the tokens it peaks at most often, those of the strongest contexts first among equals. */
function labelOf(peaks: readonly Token[], promoted: readonly Token[]): string {
  const counts = new Map<number, { token: Token; count: number }>()
  for (const token of peaks) {
    const known = counts.get(token.id)
    if (known) known.count += 1
    else counts.set(token.id, { token, count: 1 })
  }
  const often = [...counts.values()].sort((a, b) => b.count - a.count).map(({ token }) => token)
  const on = `on ${often.slice(0, PEAKS).map(quoted).join(', ')}`
  return promoted.length === 0 ? on : `${on}; promotes ${promoted.slice(0, PROMOTED).map(quoted).join(', ')}`
}

function quoted({ text, hex }: Token): string {
  return hex === undefined ? JSON.stringify(text) : `bytes ${hex}`
}

/** Six digits: what a float32 says without its rounding. */
function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
