/** Finished batches of a set's run, as rows and back: numbers as bytes, the columns of all prompts end to end; the rest as JSON. */
import type { Insertable, Selectable } from 'kysely'
import { z } from 'zod'
import { assert } from '../../shared/errors'
import { SetResult } from '../../shared/records/sets'
import type { Schema } from './schema'
import { storedJson } from './stored-json'

type BatchRow = Selectable<Schema['set_batches']>
/** The part of a row that says which latents are active in which prompts. */
export type LatentsRow = Pick<BatchRow, 'prompt' | 'latents' | 'latent'>

const Body = z.array(SetResult.omit({ index: true, latent: true, score: true, maxActivation: true, meanActivation: true }))

/** The row of a batch. Each result's four arrays are equally long. */
export function batchRow(runId: string, batch: number, results: readonly SetResult[]): Insertable<Schema['set_batches']> {
  for (const { latent, score, maxActivation, meanActivation } of results)
    assert(
      [score, maxActivation, meanActivation].every(({ length }) => length === latent.length),
      'the columns of a result are equally long'
    )
  return {
    run_id: runId,
    batch,
    failed: results.filter(({ error }) => error !== null).length,
    prompt: bytesOf([Int32Array.from(results, ({ index }) => index)]),
    latents: bytesOf([Int32Array.from(results, ({ latent }) => latent.length)]),
    latent: bytesOf(results.map(({ latent }) => latent)),
    body: JSON.stringify(
      results.map(({ id, tokens, target, value, probability, fvu, error }) => ({ id, tokens, target, value, probability, fvu, error }))
    ),
    score: bytesOf(results.map(({ score }) => score)),
    max_activation: bytesOf(results.map(({ maxActivation }) => maxActivation)),
    mean_activation: bytesOf(results.map(({ meanActivation }) => meanActivation))
  }
}

/** The results of a batch as they were stored. @throws SyntaxError, ZodError where the row is damaged */
export function batchResults(row: Omit<BatchRow, 'run_id' | 'batch' | 'failed'>): SetResult[] {
  const prompts = promptsOfBatch(row)
  const latent = int32(row.latent)
  const columns = [row.score, row.max_activation, row.mean_activation].map(float32)
  const body = Body.parse(storedJson(row.body))
  if (body.length !== prompts.length || columns.some(({ length }) => length !== latent.length))
    throw new SyntaxError('the columns of a batch are not equally long')
  const cut = (at: number, start: number, end: number): Float32Array<ArrayBuffer> => (columns[at] ?? new Float32Array()).slice(start, end)
  return body.map((rest, at) => {
    const { index, start, end } = prompts[at] ?? { index: 0, start: 0, end: 0 }
    return {
      index,
      ...rest,
      latent: latent.slice(start, end),
      score: cut(0, start, end),
      maxActivation: cut(1, start, end),
      meanActivation: cut(2, start, end)
    }
  })
}

/** Of each prompt of a batch its place in the set, and where its latents lie in the batch's column. @throws SyntaxError */
export function promptsOfBatch(row: LatentsRow): { index: number; start: number; end: number }[] {
  const [prompt, latents] = [int32(row.prompt), int32(row.latents)]
  let end = 0
  const found = Array.from(prompt, (index, at) => {
    const start = end
    const count = latents[at] ?? -1
    if (count < 0) throw new SyntaxError('a prompt of a batch has no number of latents')
    end += count
    return { index, start, end }
  })
  if (latents.length !== prompt.length || end * Int32Array.BYTES_PER_ELEMENT !== row.latent.byteLength)
    throw new SyntaxError('a batch holds more or fewer latents than its prompts')
  return found
}

/** libsql gives BLOBs as ArrayBuffers. @throws SyntaxError where they are not whole numbers */
export function int32(bytes: ArrayBuffer): Int32Array<ArrayBuffer> {
  return new Int32Array(whole(bytes))
}

function float32(bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  return new Float32Array(whole(bytes))
}

function whole(bytes: ArrayBuffer): ArrayBuffer {
  if (bytes.byteLength % 4 !== 0) throw new SyntaxError('a column of a batch is cut off')
  return bytes
}

function bytesOf(parts: readonly (Int32Array | Float32Array)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)))
}
