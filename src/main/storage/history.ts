/**
 * Every change of a project in one transaction together with what undoes it.
 *
 * A step of history is a label in words and the images of the rows it touched, before and after. Undo writes the images before, in
 * the opposite order; redo writes the images after. Both survive restarts, because history lies in the project file.
 */
import { sql } from 'kysely'
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import { fail } from '../../shared/errors'
import { failDatabase } from './failures'
import type { Project } from './project'
import { RECORDED_TABLES } from './schema'
import type { RecordedTable, Schema } from './schema'

/** Steps kept; older ones are forgotten, and what only they still named is removed from the file. */
export const HISTORY_LIMIT = 200

type Row = Record<string, string | number | null>

/** Recorded writes of one change. */
export interface Changes {
  /** For reading, and for writing payload tables, which history does not record. */
  readonly db: Kysely<Schema>
  insert<T extends RecordedTable>(table: T, row: Insertable<Schema[T]>): Promise<void>
  /** Changes the given columns. Fails with RECORD_MISSING. Nothing is recorded when nothing differs. */
  update<T extends RecordedTable>(table: T, id: string, columns: Updateable<Schema[T]>): Promise<void>
  /** Fails with RECORD_MISSING. */
  delete<T extends RecordedTable>(table: T, id: string): Promise<void>
  /** The row, or RECORD_MISSING. */
  get<T extends RecordedTable>(table: T, id: string): Promise<Selectable<Schema[T]>>
}

/** What a person calls the rows of a table. */
const KINDS: Record<RecordedTable, string> = {
  project: 'project',
  prompt_groups: 'group',
  prompts: 'prompt',
  rankings: 'ranking',
  recipes: 'recipe',
  comparisons: 'comparison',
  marks: 'mark',
  prompt_sets: 'prompt set',
  set_runs: 'run',
  experiments: 'experiment'
}

interface Image {
  readonly table: RecordedTable
  readonly id: string
  readonly before: Row | null
  readonly after: Row | null
}

/**
 * Runs `change` in one transaction and records it under the label that it returns. When the promise resolves, the change is on the disk.
 * A change that touches no recorded row leaves no step.
 */
export async function mutate(project: Project, change: (changes: Changes) => Promise<string>): Promise<void> {
  await inTransaction(project, async (db) => {
    const images: Image[] = []
    const label = await change(recorder(db, images))
    if (images.length === 0) return
    await db.deleteFrom('history').where('undone', '=', 1).execute()
    const at = new Date().toISOString()
    const { seq } = await db.insertInto('history').values({ label, at, undone: 0 }).returning('seq').executeTakeFirstOrThrow()
    const rows = images.map(({ table, id, before, after }, n) => ({
      seq,
      n,
      table_name: table,
      row_id: id,
      before: json(before),
      after: json(after)
    }))
    for (const row of rows) await db.insertInto('history_changes').values(row).execute()
    await forget(db, seq)
    await db.updateTable('project').set({ saved_at: at }).execute()
  })
}

/** Takes back the newest step that is not undone; nothing when there is none. */
export async function undo(project: Project): Promise<void> {
  await inTransaction(project, async (db) => {
    const step = await db.selectFrom('history').select('seq').where('undone', '=', 0).orderBy('seq', 'desc').executeTakeFirst()
    if (step !== undefined) await replay(db, step.seq, 'before')
  })
}

/** Does the oldest undone step again; nothing when there is none. */
export async function redo(project: Project): Promise<void> {
  await inTransaction(project, async (db) => {
    const step = await db.selectFrom('history').select('seq').where('undone', '=', 1).orderBy('seq', 'asc').executeTakeFirst()
    if (step !== undefined) await replay(db, step.seq, 'after')
  })
}

/** What undo and redo would do, in words. */
export async function historyLabels(db: Kysely<Schema>): Promise<{ undo: string | null; redo: string | null }> {
  const done = await db.selectFrom('history').select('label').where('undone', '=', 0).orderBy('seq', 'desc').executeTakeFirst()
  const undone = await db.selectFrom('history').select('label').where('undone', '=', 1).orderBy('seq', 'asc').executeTakeFirst()
  return { undo: done?.label ?? null, redo: undone?.label ?? null }
}

/** Forgets every step: what was done until now is how the project begins. */
export async function clearHistory(project: Project): Promise<void> {
  await inTransaction(project, async (db) => {
    await db.deleteFrom('history').execute()
    await removeUnnamedPayloads(db)
  })
}

/** Runs `work` in one transaction that takes the write lock first; database errors come out as those of shared/errors.ts. */
export async function inTransaction<T>(project: Project, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  try {
    return await project.db.connection().execute(async (db) => {
      project.exec('begin immediate')
      try {
        const result = await work(db)
        project.exec('commit')
        return result
      } catch (thrown) {
        rollBack(project)
        throw thrown
      }
    })
  } catch (thrown) {
    failDatabase(project.path, thrown)
  }
}

function rollBack(project: Project): void {
  try {
    project.exec('rollback')
  } catch {
    // SQLite has rolled back by itself, as it does on a full disk
  }
}

function recorder(db: Kysely<Schema>, images: Image[]): Changes {
  const get = async (table: RecordedTable, id: string): Promise<Row> =>
    (await readRow(db, table, id)) ?? fail('RECORD_MISSING', { kind: KINDS[table], id })
  return {
    db,
    async insert(table, row) {
      const after = row as Row // parse boundary: Insertable of a recorded table is columns of text, numbers and null
      await writeRow(db, table, String(after.id), after)
      images.push({ table, id: String(after.id), before: null, after: await get(table, String(after.id)) })
    },
    async update(table, id, columns) {
      const before = await get(table, id)
      const given = Object.entries(columns as Row).filter(([, value]) => value !== undefined)
      if (given.every(([column, value]) => before[column] === value || column === 'updated_at')) return
      const after = { ...before, ...Object.fromEntries(given) }
      await writeRow(db, table, id, after)
      images.push({ table, id, before, after })
    },
    async delete(table, id) {
      const before = await get(table, id)
      await writeRow(db, table, id, null)
      images.push({ table, id, before, after: null })
    },
    get: get as Changes['get'] // the row has the columns of its table
  }
}

async function replay(db: Kysely<Schema>, seq: number, side: 'before' | 'after'): Promise<void> {
  // rows come back in an order of their own; what they refer to is there again at the end
  await sql`pragma defer_foreign_keys = on`.execute(db)
  const order = side === 'before' ? 'desc' : 'asc'
  const changes = await db.selectFrom('history_changes').selectAll().where('seq', '=', seq).orderBy('n', order).execute()
  for (const change of changes) {
    const table = RECORDED_TABLES.find((name) => name === change.table_name)
    if (table === undefined) throw new Error(`history names the unknown table ${change.table_name}`)
    await writeRow(db, table, change.row_id, parse(change[side]))
  }
  await db
    .updateTable('history')
    .set({ undone: side === 'before' ? 1 : 0 })
    .where('seq', '=', seq)
    .execute()
  await db.updateTable('project').set({ saved_at: new Date().toISOString() }).execute()
}

async function readRow(db: Kysely<Schema>, table: RecordedTable, id: string): Promise<Row | null> {
  const { rows } = await sql<Row>`select * from ${sql.table(table)} where id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Makes the row with `id` be `row`: written, replaced in place, or removed when null. */
async function writeRow(db: Kysely<Schema>, table: RecordedTable, id: string, row: Row | null): Promise<void> {
  if (row === null) {
    await sql`delete from ${sql.table(table)} where id = ${id}`.execute(db)
    return
  }
  const columns = Object.keys(row)
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const values = sql.join(columns.map((column) => sql.val(row[column] ?? null)))
  const updates = sql.join(columns.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`))
  await sql`insert into ${sql.table(table)} (${names}) values (${values}) on conflict (id) do update set ${updates}`.execute(db)
}

/** Drops steps beyond the limit. */
async function forget(db: Kysely<Schema>, newest: number): Promise<void> {
  await db
    .deleteFrom('history')
    .where('seq', '<=', newest - HISTORY_LIMIT)
    .execute()
  await removeUnnamedPayloads(db)
}

/** Removes payloads that neither a row nor history names any more. */
async function removeUnnamedPayloads(db: Kysely<Schema>): Promise<void> {
  for (const [table, payloads] of [
    ['rankings', 'ranking_payloads'],
    ['comparisons', 'comparison_payloads'],
    ['set_runs', 'set_run_payloads'],
    ['prompt_sets', 'prompt_set_payloads'],
    ['experiments', 'experiment_payloads']
  ] as const) {
    await sql`delete from ${sql.table(payloads)} where id not in (select id from ${sql.table(table)})
      and id not in (select row_id from history_changes where table_name = ${table})`.execute(db)
  }
}

function json(row: Row | null): string | null {
  return row === null ? null : JSON.stringify(row)
}

function parse(text: string | null): Row | null {
  // written by `json` above, in this file only
  return text === null ? null : (JSON.parse(text) as Row)
}
