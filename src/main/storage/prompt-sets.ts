/** Prompt sets: what lists show in columns, the prompts themselves as JSON. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { PromptSetSummary, SetPrompt } from '../../shared/records/sets'
import { mutate } from './history'
import type { Project } from './project'
import { defined } from './prompts'
import { failRecord } from './rankings'
import type { Schema } from './schema'
import { storedJson } from './stored-json'
import { quoted } from './words'

const Prompts = z.array(SetPrompt)

/** Keeps a set; returns its id. @throws SET_EMPTY */
export async function createSet(project: Project, given: { name: string; source: string; prompts: readonly SetPrompt[] }): Promise<string> {
  const id = randomUUID()
  const { name, source, prompts } = given
  if (prompts.length === 0) fail('SET_EMPTY', { name })
  await mutate(project, async (changes) => {
    await changes.db
      .insertInto('prompt_set_payloads')
      .values({ id, prompts: JSON.stringify(prompts) })
      .execute()
    await changes.insert('prompt_sets', {
      id,
      name,
      notes: '',
      source,
      prompts: prompts.length,
      groups: JSON.stringify([...new Set(prompts.flatMap(({ group }) => (group === null ? [] : [group])))]),
      created_at: new Date().toISOString()
    })
    return `add prompt set ${quoted(name)}`
  })
  return id
}

/** A set of the prompts of some groups, in the sidebar's order; null stands for the prompts without one. @throws RECORD_MISSING, SET_EMPTY */
export async function createSetFromGroups(
  project: Project,
  given: { name: string; groupIds: readonly (string | null)[] }
): Promise<string> {
  const groups = await project.db.selectFrom('prompt_groups').selectAll().execute()
  const rows = await project.db.selectFrom('prompts').selectAll().orderBy('position').orderBy('id').execute()
  const prompts = given.groupIds.flatMap((groupId) => {
    const group =
      groupId === null ? null : (groups.find(({ id }) => id === groupId) ?? fail('RECORD_MISSING', { kind: 'group', id: groupId }))
    return rows
      .filter((row) => row.group_id === groupId && row.text !== '')
      .map((row) => SetPrompt.parse({ id: row.id, prompt: { text: row.text }, group: group?.name ?? null }))
  })
  return createSet(project, { name: given.name, source: 'prompts of this project', prompts })
}

/** The whole of a set. @throws RECORD_MISSING */
export async function getSet(project: Project, id: string): Promise<PromptSetSummary & { all: SetPrompt[] }> {
  try {
    const row = await project.db.selectFrom('prompt_sets').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined) return fail('RECORD_MISSING', { kind: 'prompt set', id })
    return { ...summary(row), all: await promptsOf(project.db, id) }
  } catch (thrown) {
    failRecord(project.path, `prompt set ${id}`, thrown)
  }
}

/** The prompts of a set; none where its payload is gone. */
export async function promptsOf(db: Kysely<Schema>, id: string): Promise<SetPrompt[]> {
  const payload = await db.selectFrom('prompt_set_payloads').selectAll().where('id', '=', id).executeTakeFirst()
  return payload === undefined ? [] : Prompts.parse(storedJson(payload.prompts))
}

/** The prompts at some places of a set, by place; those that are not there are left out. The others are not looked at. */
export async function somePrompts(db: Kysely<Schema>, id: string, places: readonly number[]): Promise<Map<number, SetPrompt>> {
  const { rows } = await sql<{ key: number; value: string }>`select key, value
    from json_each((select prompts from prompt_set_payloads where id = ${id}))
    where key in (select value from json_each(${JSON.stringify(places)}))`.execute(db)
  return new Map(rows.map(({ key, value }) => [key, SetPrompt.parse(storedJson(value))]))
}

export async function updateSet(
  project: Project,
  id: string,
  given: { name?: string | undefined; notes?: string | undefined }
): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('prompt_sets', id)
    await changes.update('prompt_sets', id, defined({ name: given.name, notes: given.notes }))
    return `${given.name === undefined ? 'edit the notes of' : 'rename'} prompt set ${quoted(name)}`
  })
}

/** Deletes a set with its runs; undo brings all of them back. */
export async function deleteSet(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('prompt_sets', id)
    const runs = await changes.db.selectFrom('set_runs').select('id').where('set_id', '=', id).execute()
    for (const run of runs) await changes.delete('set_runs', run.id)
    await changes.delete('prompt_sets', id)
    return `delete prompt set ${quoted(name)}`
  })
}

/** Every set, newest first. */
export async function setSummaries(db: Kysely<Schema>): Promise<PromptSetSummary[]> {
  const rows = await db.selectFrom('prompt_sets').selectAll().orderBy('created_at', 'desc').orderBy('id').execute()
  return rows.map(summary)
}

function summary(row: Selectable<Schema['prompt_sets']>): PromptSetSummary {
  const { id, name, notes, source, prompts, created_at } = row
  return PromptSetSummary.parse({ id, name, notes, source, prompts, groups: storedJson(row.groups), createdAt: created_at })
}
