/** Experiments. As with runs over sets, finished parts are added one by one and are no steps of history. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { fail } from '../../shared/errors'
import {
  ExperimentResult,
  ExperimentSummary,
  SavedExperiment,
  type ExperimentManifest,
  type ExperimentName,
  type ExperimentPart,
  type ExperimentSettings,
  type Reproduction
} from '../../shared/records/experiment'
import type { SetPrompt } from '../../shared/records/sets'
import { inTransaction, mutate } from './history'
import type { Project } from './project'
import { defined } from './prompts'
import { failRecord } from './rankings'
import { reproductionOf } from './reproduction'
import type { Schema } from './schema'
import { storedJson } from './stored-json'
import { quoted } from './words'

export interface NewExperiment {
  readonly name: string
  readonly experiment: ExperimentName
  readonly settings: ExperimentSettings
  readonly bench: SavedExperiment['bench']
  readonly modelName: string
  readonly saeName: string
  readonly prompts: readonly SetPrompt[]
  /** Id of the experiment that it repeats. */
  readonly repeats: string | null
}

/** Begins an experiment; returns its id. @throws RECORD_MISSING */
export async function createExperiment(project: Project, given: NewExperiment): Promise<string> {
  const id = randomUUID()
  await mutate(project, async (changes) => {
    if (given.repeats !== null) await changes.get('experiments', given.repeats)
    await changes.db
      .insertInto('experiment_payloads')
      .values({ id, prompts: JSON.stringify(given.prompts), parts: 0, sentence: null, same: null, manifest: null, result: null })
      .execute()
    await changes.insert('experiments', {
      id,
      name: given.name,
      notes: '',
      experiment: given.experiment,
      settings: JSON.stringify(given.settings),
      bench: JSON.stringify(given.bench),
      model: given.modelName,
      sae: given.saeName,
      hook: given.bench.hook ?? '',
      prompts: given.prompts.length,
      repeats: given.repeats,
      created_at: new Date().toISOString()
    })
    return `begin experiment ${quoted(given.name)}`
  })
  return id
}

/** Stores a finished part, of `parts` in all; storing it again changes nothing. When it answers, it is on the disk. @throws RECORD_MISSING */
export async function appendExperimentPart(project: Project, id: string, { part, data }: ExperimentPart, parts: number): Promise<number> {
  return inTransaction(project, async (db) => {
    const known = await db.selectFrom('experiment_payloads').select('id').where('id', '=', id).executeTakeFirst()
    if (known === undefined) return fail('RECORD_MISSING', { kind: 'experiment', id })
    await db
      .insertInto('experiment_parts')
      .values({ experiment_id: id, part, data: JSON.stringify(data) })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await db.updateTable('experiment_payloads').set({ parts }).where('id', '=', id).execute()
    const { done } = await db
      .selectFrom('experiment_parts')
      .select(sql<number>`count(*)`.as('done'))
      .where('experiment_id', '=', id)
      .executeTakeFirstOrThrow()
    return done
  })
}

/**
 * Stores result and manifest. Of an experiment that repeats another one with a result, says whether it came to the same; else null.
 * @throws RECORD_MISSING
 */
export async function finishExperiment(
  project: Project,
  id: string,
  { result, manifest }: { result: ExperimentResult; manifest: ExperimentManifest }
): Promise<Reproduction | null> {
  return inTransaction(project, async (db) => {
    const row = await db.selectFrom('experiments').select('repeats').where('id', '=', id).executeTakeFirst()
    if (row === undefined) return fail('RECORD_MISSING', { kind: 'experiment', id })
    const { repeats } = row
    const original =
      repeats === null ? null : await resultOf(db, repeats).catch((e: unknown) => failRecord(project.path, `experiment ${repeats}`, e))
    const reproduction = original && reproductionOf(original, result)
    await db
      .updateTable('experiment_payloads')
      .set({ sentence: result.sentence, same: reproduction && Number(reproduction.same) })
      .set({ result: JSON.stringify(result), manifest: JSON.stringify(manifest) })
      .where('id', '=', id)
      .execute()
    return reproduction
  })
}

/** The whole of an experiment, finished parts included. @throws RECORD_MISSING */
export async function getExperiment(project: Project, id: string): Promise<SavedExperiment> {
  try {
    const { db } = project
    const [summary] = await experimentSummaries(db, id)
    const row = await db.selectFrom('experiments').selectAll().where('id', '=', id).executeTakeFirst()
    const payload = await db.selectFrom('experiment_payloads').selectAll().where('id', '=', id).executeTakeFirst()
    if (!summary || row === undefined || payload === undefined) return fail('RECORD_MISSING', { kind: 'experiment', id })
    const parts = await db.selectFrom('experiment_parts').selectAll().where('experiment_id', '=', id).orderBy('part').execute()
    const original = row.repeats === null ? null : await resultOf(db, row.repeats)
    const result = await resultOf(db, id)
    return SavedExperiment.parse({
      ...summary,
      settings: storedJson(row.settings),
      bench: storedJson(row.bench),
      setPrompts: storedJson(payload.prompts),
      manifest: payload.manifest === null ? null : storedJson(payload.manifest),
      result,
      reproduction: original && result ? reproductionOf(original, result) : null,
      finished: parts.map(({ part, data }): ExperimentPart => ({ part, data: storedJson(data) }))
    })
  } catch (thrown) {
    failRecord(project.path, `experiment ${id}`, thrown)
  }
}

/** The result of an experiment; null of one that is not finished, or is not there. @throws SyntaxError, ZodError */
async function resultOf(db: Kysely<Schema>, id: string): Promise<ExperimentResult | null> {
  const found = await db.selectFrom('experiment_payloads').select('result').where('id', '=', id).executeTakeFirst()
  return found === undefined || found.result === null ? null : ExperimentResult.parse(storedJson(found.result))
}

export async function updateExperiment(
  project: Project,
  id: string,
  given: { name?: string | undefined; notes?: string | undefined }
): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('experiments', id)
    await changes.update('experiments', id, defined({ name: given.name, notes: given.notes }))
    return `${given.name === undefined ? 'edit the notes of' : 'rename'} experiment ${quoted(name)}`
  })
}

export async function deleteExperiment(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('experiments', id)
    await changes.delete('experiments', id)
    return `delete experiment ${quoted(name)}`
  })
}

/** Every experiment, newest first; or the one with `id`. */
export async function experimentSummaries(db: Kysely<Schema>, id: string | null = null): Promise<ExperimentSummary[]> {
  const all = db
    .selectFrom('experiments as e')
    .innerJoin('experiment_payloads as p', 'p.id', 'e.id')
    .selectAll('e')
    .select(['p.parts', 'p.sentence', 'p.same'])
    .select(sql<number>`(select count(*) from experiment_parts x where x.experiment_id = e.id)`.as('done'))
    .orderBy('e.created_at', 'desc')
    .orderBy('e.id')
  const rows = await (id === null ? all : all.where('e.id', '=', id)).execute()
  return rows.map((row) => {
    const { name, notes, experiment, model, sae, hook, prompts, done, parts } = row
    return ExperimentSummary.parse({
      ...{ id: row.id, name, notes, experiment, model, sae, hook, prompts, done, parts },
      sentence: row.sentence,
      repeats: row.repeats === null ? null : { id: row.repeats, same: row.same === null ? null : row.same === 1 },
      createdAt: row.created_at
    })
  })
}
