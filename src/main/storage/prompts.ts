/** Prompts and their groups. Every function here is one undoable change. */
import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { ChatInput } from '../../shared/records/token'
import { mutate } from './history'
import type { Changes } from './history'
import type { Project } from './project'
import type { Schema } from './schema'
import { quoted } from './words'

/** Adds a group at the end; returns its id. */
export async function addGroup(project: Project, name: string): Promise<string> {
  const id = randomUUID()
  await mutate(project, async (changes) => {
    await changes.insert('prompt_groups', { id, name, position: await nextPosition(changes.db, 'prompt_groups') })
    return `add group ${quoted(name)}`
  })
  return id
}

/** Renames or moves a group. */
export async function updateGroup(
  project: Project,
  id: string,
  given: { name?: string | undefined; position?: number | undefined }
): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('prompt_groups', id)
    await changes.update('prompt_groups', id, defined({ name: given.name, position: given.position }))
    return given.name === undefined ? `move group ${quoted(name)}` : `rename group ${quoted(name)}`
  })
}

/** Deletes a group; its prompts stay, outside of any group. */
export async function deleteGroup(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name } = await changes.get('prompt_groups', id)
    const prompts = await changes.db.selectFrom('prompts').select('id').where('group_id', '=', id).execute()
    for (const prompt of prompts) await changes.update('prompts', prompt.id, { group_id: null })
    await changes.delete('prompt_groups', id)
    return `delete group ${quoted(name)}`
  })
}

/** Adds a prompt at the end; returns its id. Of a chat the text is what lists show. */
export async function addPrompt(
  project: Project,
  given: { text: string; chat?: ChatInput | null; name: string; groupId: string | null }
): Promise<string> {
  const id = randomUUID()
  await mutate(project, async (changes) => {
    if (given.groupId !== null) await changes.get('prompt_groups', given.groupId)
    const position = await nextPosition(changes.db, 'prompts')
    await changes.insert('prompts', {
      id,
      group_id: given.groupId,
      name: given.name,
      text: given.text,
      chat: given.chat ? JSON.stringify(given.chat) : null,
      notes: '',
      position,
      updated_at: now()
    })
    return `add prompt ${quoted(given.name || given.text)}`
  })
  return id
}

export interface PromptFields {
  text?: string | undefined
  chat?: ChatInput | null | undefined
  name?: string | undefined
  notes?: string | undefined
  groupId?: string | null | undefined
  position?: number | undefined
}

/** Changes what is given of a prompt. */
export async function updatePrompt(project: Project, id: string, given: PromptFields): Promise<void> {
  await mutate(project, async (changes) => {
    const before = await changes.get('prompts', id)
    if (given.groupId != null) await changes.get('prompt_groups', given.groupId)
    const { text, name, notes, groupId, position } = given
    const chat = given.chat ? JSON.stringify(given.chat) : given.chat
    await changes.update('prompts', id, { ...defined({ text, chat, name, notes, group_id: groupId, position }), updated_at: now() })
    return `${verbOf(given)} prompt ${quoted(before.name || before.text)}`
  })
}

/** Copies a prompt to the place after it; returns the copy's id. */
export async function duplicatePrompt(project: Project, id: string): Promise<string> {
  const copy = randomUUID()
  await mutate(project, async (changes) => {
    const source = await changes.get('prompts', id)
    const next = await changes.db
      .selectFrom('prompts')
      .select('position')
      .where('position', '>', source.position)
      .orderBy('position')
      .executeTakeFirst()
    const position = next === undefined ? source.position + 1 : (source.position + next.position) / 2
    const name = source.name === '' ? '' : `${source.name} (copy)`
    await changes.insert('prompts', { ...source, id: copy, name, position, updated_at: now() })
    return `duplicate prompt ${quoted(source.name || source.text)}`
  })
  return copy
}

/** Deletes a prompt. Rankings and comparisons made from it stay, with its text; undo joins them again. */
export async function deletePrompt(project: Project, id: string): Promise<void> {
  await mutate(project, async (changes) => {
    const { name, text } = await changes.get('prompts', id)
    await release(changes, id)
    await changes.delete('prompts', id)
    return `delete prompt ${quoted(name || text)}`
  })
}

async function release(changes: Changes, promptId: string): Promise<void> {
  for (const table of ['rankings', 'comparisons'] as const) {
    const rows = await changes.db.selectFrom(table).select('id').where('prompt_id', '=', promptId).execute()
    for (const row of rows) await changes.update(table, row.id, { prompt_id: null })
  }
}

function verbOf(given: PromptFields): string {
  if (given.text !== undefined || given.chat !== undefined) return 'edit'
  if (given.name !== undefined) return 'rename'
  return given.notes === undefined ? 'move' : 'edit the notes of'
}

/** The place after the last one. */
export async function nextPosition(db: Kysely<Schema>, table: 'prompt_groups' | 'prompts' | 'recipes'): Promise<number> {
  const { last } = await db
    .selectFrom(table)
    .select((select) => select.fn.max('position').as('last'))
    .executeTakeFirstOrThrow()
  return last === null ? 0 : last + 1
}

/** Without the keys whose value is undefined. */
export function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Object.fromEntries cannot say that the keys are those of T
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

function now(): string {
  return new Date().toISOString()
}
