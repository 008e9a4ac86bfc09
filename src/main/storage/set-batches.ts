/** Finished batches of a set's run, as rows and back: small things as JSON, the latents' columns as bytes end to end. */
import { sql } from 'kysely'
import type { Insertable, Kysely, Selectable } from 'kysely'
import { z } from 'zod'
import { SetResult } from '../../shared/records/sets'
import type { Schema } from './schema'
import { storedJson } from './stored-json'

/** Latents of a prompt that can be looked up: those that mattered in it. */
export const LOOKED_UP = 50

const Body = z.array(
  SetResult.omit({ latent: true, score: true, maxActivation: true, meanActivation: true }).extend({ count: z.number().int().nonnegative() })
)

export function batchRow(runId: string, batch: number, results: readonly SetResult[]): Insertable<Schema['set_batches']> {
  const body = results.map(({ latent, score: _score, maxActivation: _max, meanActivation: _mean, ...rest }) => ({
    ...rest,
    count: latent.length
  }))
  return {
    run_id: runId,
    batch,
    failed: results.filter(({ error }) => error !== null).length,
    body: JSON.stringify(body),
    latent: joined(results.map(({ latent }) => latent)),
    score: joined(results.map(({ score }) => score)),
    max_activation: joined(results.map(({ maxActivation }) => maxActivation)),
    mean_activation: joined(results.map(({ meanActivation }) => meanActivation))
  }
}

/** libsql gives BLOBs as ArrayBuffers. */
export function batchResults(
  row: Pick<Selectable<Schema['set_batches']>, 'body' | 'latent' | 'score' | 'max_activation' | 'mean_activation'>
): SetResult[] {
  const latent = new Int32Array(row.latent)
  const [score, maxActivation, meanActivation] = [row.score, row.max_activation, row.mean_activation].map(
    (bytes) => new Float32Array(bytes)
  )
  let start = 0
  return Body.parse(storedJson(row.body)).map(({ count, ...rest }) => {
    const end = start + count
    const result = {
      ...rest,
      latent: latent.slice(start, end),
      score: (score ?? new Float32Array()).slice(start, end),
      maxActivation: (maxActivation ?? new Float32Array()).slice(start, end),
      meanActivation: (meanActivation ?? new Float32Array()).slice(start, end)
    }
    start = end
    return result
  })
}

/** Puts the best latents of each prompt into the index, thousands in one statement. */
export async function indexBatch(db: Kysely<Schema>, runId: string, results: readonly SetResult[]): Promise<void> {
  const rows = results.flatMap(({ index, latent, score, maxActivation, target }) =>
    Array.from(latent.subarray(0, LOOKED_UP), (one, at) => [
      one,
      index,
      at + 1,
      score[at] ?? 0,
      maxActivation[at] ?? 0,
      target?.hex ?? target?.text ?? ''
    ])
  )
  await sql`insert or ignore into set_latents (latent, run_id, prompt, rank, score, max_activation, target)
    select value ->> 0, ${runId}, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 from json_each(${JSON.stringify(rows)})`.execute(
    db
  )
}

function joined(parts: readonly (Int32Array | Float32Array)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)))
}
