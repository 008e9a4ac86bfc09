/** Runs over prompt sets. Batches are added as they are finished, each in a transaction of its own, and are no steps of history. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import { fail } from '../../shared/errors'
import type { Provenance } from '../../shared/records/ranking'
import { type SetPrompt, SetRunRecord, SetRunSummary, type SetResult, type SetSettings } from '../../shared/records/sets'
import { inTransaction, mutate } from './history'
import type { Project } from './project'
import { defined } from './prompts'
import { promptsOf } from './prompt-sets'
import { failRecord } from './rankings'
import type { Schema } from './schema'
import { storedJson } from './stored-json'
import { batchRow } from './set-batches'
import { storedBatches } from './set-results'
import { quoted } from './words'

export interface NewSetRun {
  readonly setId: string
  readonly name: string
  readonly settings: SetSettings
  readonly bench: SetRunRecord['bench']
  readonly saeHash: string
  readonly modelName: string
  readonly saeName: string
}

/** Begins a run; returns its id. @throws RECORD_MISSING */
export async function createSetRun(project: Project, given: NewSetRun): Promise<string> {
  const id = randomUUID()
  await mutate(project, async (changes) => {
    const { prompts } = await changes.get('prompt_sets', given.setId)
    await changes.db.insertInto('set_run_payloads').values({ id, batches: 0, provenance: null }).execute()
    await changes.insert('set_runs', {
      id,
      set_id: given.setId,
      name: given.name,
      notes: '',
      settings: JSON.stringify(given.settings),
      bench: JSON.stringify(given.bench),
      model: given.modelName,
      sae: given.saeName,
      sae_hash: given.saeHash,
      hook: given.bench.hook ?? '',
      prompts,
      created_at: new Date().toISOString()
    })
    return `begin run ${quoted(given.name)}`
  })
  return id
}

/**
 * Stores a finished batch, of `batches` in all; storing it again changes nothing. When it answers, the batch is on the disk. Returns how
 * many are stored. @throws RECORD_MISSING
 */
export async function appendSetResults(
  project: Project,
  id: string,
  { batch, batches, results }: { batch: number; batches: number; results: readonly SetResult[] }
): Promise<number> {
  return inTransaction(project, async (db) => {
    const run = await db.selectFrom('set_run_payloads').select('id').where('id', '=', id).executeTakeFirst()
    if (run === undefined) return fail('RECORD_MISSING', { kind: 'run', id })
    const known = await db.selectFrom('set_batches').select('batch').where('run_id', '=', id).where('batch', '=', batch).executeTakeFirst()
    if (known === undefined) {
      await db
        .insertInto('set_batches')
        .values(batchRow(id, batch, results))
        .execute()
      await db.updateTable('set_run_payloads').set({ batches }).where('id', '=', id).execute()
    }
    const { done } = await db
      .selectFrom('set_batches')
      .select(sql<number>`count(*)`.as('done'))
      .where('run_id', '=', id)
      .executeTakeFirstOrThrow()
    return done
  })
}

/** Stores where a finished run's numbers come from. @throws RECORD_MISSING */
export async function finishSetRun(project: Project, id: string, provenance: Provenance): Promise<void> {
  await inTransaction(project, async (db) => {
    const { numUpdatedRows } = await db
      .updateTable('set_run_payloads')
      .set({ provenance: JSON.stringify(provenance) })
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 0n) fail('RECORD_MISSING', { kind: 'run', id })
  })
}

/** All of a run but its results. @throws RECORD_MISSING */
export async function getSetRun(project: Project, id: string): Promise<SetRunRecord> {
  try {
    const { db } = project
    const [summary] = await runSummaries(db, id)
    const row = await db.selectFrom('set_runs').selectAll().where('id', '=', id).executeTakeFirst()
    const payload = await db.selectFrom('set_run_payloads').selectAll().where('id', '=', id).executeTakeFirst()
    if (!summary || row === undefined || payload === undefined) return fail('RECORD_MISSING', { kind: 'run', id })
    return SetRunRecord.parse({
      ...summary,
      bench: storedJson(row.bench),
      provenance: payload.provenance === null ? null : storedJson(payload.provenance),
      doneBatches: await storedBatches(project, id)
    })
  } catch (thrown) {
    failRecord(project.path, `run ${id}`, thrown)
  }
}

/** The prompts that a run is of, in the order of the set. @throws RECORD_MISSING */
export async function promptsOfRun(project: Project, id: string): Promise<SetPrompt[]> {
  const run = await project.db.selectFrom('set_runs').select('set_id').where('id', '=', id).executeTakeFirst()
  return run === undefined ? fail('RECORD_MISSING', { kind: 'run', id }) : promptsOf(project.db, run.set_id)
}

export async function updateSetRun(
  project: Project,
  id: string,
  given: { name?: string | undefined; notes?: string | undefined }
): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('set_runs', id)
    await changes.update('set_runs', id, defined({ name: given.name, notes: given.notes }))
    return `${given.name === undefined ? 'edit the notes of' : 'rename'} run ${quoted(name)}`
  })
}

export async function deleteSetRun(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('set_runs', id)
    await changes.delete('set_runs', id)
    return `delete run ${quoted(name)}`
  })
}

/** Every run, newest first; or the one with `id`. */
export async function runSummaries(db: Kysely<Schema>, id: string | null = null): Promise<SetRunSummary[]> {
  const all = db
    .selectFrom('set_runs as r')
    .innerJoin('set_run_payloads as p', 'p.id', 'r.id')
    .leftJoin('set_batches as b', 'b.run_id', 'r.id')
    .selectAll('r')
    .select(['p.batches', sql<number>`count(b.batch)`.as('done'), sql<number>`coalesce(sum(b.failed), 0)`.as('failed')])
    .groupBy('r.id')
    .orderBy('r.created_at', 'desc')
    .orderBy('r.id')
  const rows = await (id === null ? all : all.where('r.id', '=', id)).execute()
  return rows.map(summary)
}

function summary(row: Selectable<Schema['set_runs']> & { batches: number; done: number; failed: number }): SetRunSummary {
  const { id, name, notes, model, sae, hook, prompts, batches, done, failed } = row
  return SetRunSummary.parse({
    ...{ id, name, notes, model, sae, hook, prompts, batches, done, failed },
    setId: row.set_id,
    settings: storedJson(row.settings),
    createdAt: row.created_at
  })
}
