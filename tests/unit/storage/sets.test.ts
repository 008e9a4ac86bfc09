import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { redo, undo } from '../../../src/main/storage/history'
import { MIGRATIONS } from '../../../src/main/storage/migrations'
import { createProject, openProject, type Project } from '../../../src/main/storage/project'
import { addGroup, addPrompt } from '../../../src/main/storage/prompts'
import { createSet, createSetFromGroups, deleteSet, getSet } from '../../../src/main/storage/prompt-sets'
import { promptsWithLatent } from '../../../src/main/storage/latent-prompts'
import { resultsInOrder, storedResults } from '../../../src/main/storage/set-results'
import { appendSetResults, createSetRun, deleteSetRun, getSetRun, updateSetRun } from '../../../src/main/storage/set-runs'
import { projectState } from '../../../src/main/storage/state'
import type { SetResult, SetSettings } from '../../../src/shared/records/sets'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { promptsNamed, randomResults } from '../../support/set-results'

const SETTINGS: SetSettings = { method: 'attribution', explain: 'greedy', includeSpecial: true }
const PROMPTS = promptsNamed(40)
const RESULTS = randomResults(1, PROMPTS)
const BATCHES = 5
const NO_PAUSE = (): Promise<void> => Promise.resolve()
const batchOf = (batch: number): SetResult[] => RESULTS.filter(({ index }) => index % BATCHES === batch)

async function newProject(): Promise<Project> {
  return createProject(join(await temporaryFolder(), 'a.gradsae'), 'A')
}

async function newRun(project: Project): Promise<{ setId: string; id: string }> {
  const setId = await createSet(project, { name: 'forty', source: 'forty.jsonl', prompts: PROMPTS })
  const bench = { model: '/m', sae: '/s', hook: 'blocks.1.hook_resid_post', device: 'cpu', reading: {} }
  const id = await createSetRun(project, { setId, name: 'r', settings: SETTINGS, bench, saeHash: 'h', modelName: 'm', saeName: 's' })
  return { setId, id }
}

async function all(project: Project, id: string): Promise<SetResult[]> {
  const found: SetResult[] = []
  for await (const batch of storedResults(project, id)) found.push(...batch)
  return found.sort((a, b) => a.index - b.index)
}

describe('a prompt set', () => {
  test('comes back as it was kept, and its groups are listed', async () => {
    const project = await newProject()
    const prompts = PROMPTS.map((prompt, at) => ({ ...prompt, group: at % 2 ? 'sad' : 'happy' }))
    const id = await createSet(project, { name: 'two', source: 'file', prompts })
    expect((await getSet(project, id)).all).toEqual(prompts)
    expect((await projectState(project)).sets).toMatchObject([{ id, name: 'two', prompts: 40, groups: ['happy', 'sad'] }])
    expect(await failureOf(() => createSet(project, { name: 'none', source: '', prompts: [] }))).toContain('would hold no prompt')
    project.close()
  })

  test('can be made of the project’s groups', async () => {
    const project = await newProject()
    const groupId = await addGroup(project, 'sad')
    await addPrompt(project, { text: 'a', name: '', groupId })
    await addPrompt(project, { text: 'b', name: '', groupId: null })
    await addPrompt(project, { text: '', name: 'empty', groupId })
    const id = await createSetFromGroups(project, { name: 's', groupIds: [groupId, null] })
    expect((await getSet(project, id)).all.map(({ prompt, group }) => [prompt, group])).toEqual([
      [{ text: 'a' }, 'sad'],
      [{ text: 'b' }, null]
    ])
    project.close()
  })

  test('takes its runs with it when it is deleted, and undo brings all of them back with their results', async () => {
    const project = await newProject()
    const { setId, id } = await newRun(project)
    await appendSetResults(project, id, { batch: 0, batches: BATCHES, results: batchOf(0) })
    await deleteSet(project, setId)
    expect(await projectState(project)).toMatchObject({ sets: [], setRuns: [] })
    await undo(project)
    expect((await projectState(project)).setRuns).toMatchObject([{ id, done: 1, batches: BATCHES }])
    expect(await all(project, id)).toEqual(batchOf(0))
    await redo(project)
    expect((await projectState(project)).setRuns).toEqual([])
    project.close()
  })
})

describe('a run', () => {
  test('keeps batches in any order, each once, and gives the same table', async () => {
    const project = await newProject()
    const { id } = await newRun(project)
    for (const batch of [3, 0, 4, 3, 1, 2]) await appendSetResults(project, id, { batch, batches: BATCHES, results: batchOf(batch) })
    expect(await all(project, id)).toEqual(RESULTS)
    const failed = RESULTS.filter(({ error }) => error !== null).length
    expect(await getSetRun(project, id)).toMatchObject({ done: BATCHES, batches: BATCHES, failed, doneBatches: [0, 1, 2, 3, 4] })
    project.close()
  })

  test('is renamed and undone without its batches becoming steps of history', async () => {
    const project = await newProject()
    const { id } = await newRun(project)
    await updateSetRun(project, id, { name: 'better' })
    await appendSetResults(project, id, { batch: 0, batches: BATCHES, results: batchOf(0) })
    expect((await projectState(project)).undo).toBe('rename run "r"')
    await undo(project)
    expect((await projectState(project)).setRuns).toMatchObject([{ name: 'r', done: 1 }])
    project.close()
  })

  test('says in which prompts a latent was among the best, best rank first', async () => {
    const project = await newProject()
    const { id } = await newRun(project)
    for (let batch = 0; batch < BATCHES; batch++) await appendSetResults(project, id, { batch, batches: BATCHES, results: batchOf(batch) })
    const { prompts, total } = await promptsWithLatent(project, { saeHash: 'h', latent: 7, limit: 500 }, NO_PAUSE)
    const expected = RESULTS.flatMap(({ index, latent }) => (latent.includes(7) ? [{ id: `p${index}`, rank: latent.indexOf(7) + 1 }] : []))
    expect(total).toBe(expected.length)
    expect(prompts.map(({ promptId, rank }) => ({ id: promptId, rank }))).toEqual(
      expected.sort((a, b) => a.rank - b.rank || Number(a.id.slice(1)) - Number(b.id.slice(1)))
    )
    expect((await promptsWithLatent(project, { saeHash: 'other', latent: 7, limit: 5 }, NO_PAUSE)).total).toBe(0)
    project.close()
  })
})

test('a project of the first format is brought to the present one, with everything in it', async () => {
  const path = join(await temporaryFolder(), 'old.gradsae')
  const made = await createProject(path, 'Old')
  await addPrompt(made, { text: 'kept', name: '', groupId: null })
  made.close()
  const old = new Database(path)
  for (const table of [
    'experiment_parts',
    'experiments',
    'experiment_payloads',
    'set_batches',
    'set_runs',
    'set_run_payloads',
    'prompt_sets',
    'prompt_set_payloads'
  ])
    old.exec(`drop table ${table}`)
  old.exec(`delete from kysely_migration where name = '${MIGRATIONS[1]?.name ?? ''}'`)
  old.exec('pragma user_version = 1')
  old.close()
  const project = await openProject(path)
  const state = await projectState(project)
  expect(state.prompts.map(({ text }) => text)).toEqual(['kept'])
  expect(await createSet(project, { name: 'new', source: '', prompts: PROMPTS })).toMatch(/-/)
  project.close()
})
