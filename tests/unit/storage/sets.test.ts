import { join } from 'node:path'
import { Migrator } from 'kysely'
import { describe, expect, test } from 'vitest'
import { connect } from '../../../src/main/storage/connection'
import { clearHistory, redo, undo } from '../../../src/main/storage/history'
import { FORMAT_VERSION, MIGRATIONS } from '../../../src/main/storage/migrations'
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
    expect(await failureOf(() => createSet(project, { name: 'none', source: '', prompts: [] }))).toBe(
      'The prompt set "none" would hold no prompt. Choose groups with prompts, or a file with rows.'
    )
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

  test('that was deleted comes back with its batches, those that were stored meanwhile included', async () => {
    const project = await newProject()
    const { id } = await newRun(project)
    await appendSetResults(project, id, { batch: 0, batches: BATCHES, results: batchOf(0) })
    await deleteSetRun(project, id)
    await appendSetResults(project, id, { batch: 1, batches: BATCHES, results: batchOf(1) })
    expect((await projectState(project)).setRuns).toEqual([])
    await undo(project)
    expect(await getSetRun(project, id)).toMatchObject({ done: 2, doneBatches: [0, 1] })
    await clearHistory(project)
    await deleteSetRun(project, id)
    await clearHistory(project)
    expect(await failureOf(() => appendSetResults(project, id, { batch: 2, batches: BATCHES, results: [] }))).toContain(
      'is not in this project any more'
    )
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

describe('reading a run', () => {
  test('gives results in the order of the set, whatever order batches have', async () => {
    const project = await newProject()
    const { id } = await newRun(project)
    for (const batch of [4, 1, 0]) await appendSetResults(project, id, { batch, batches: BATCHES, results: [...batchOf(batch)].reverse() })
    const found: SetResult[] = []
    for await (const result of resultsInOrder(project, id)) found.push(result)
    expect(found).toEqual(RESULTS.filter(({ index }) => [0, 1, 4].includes(index % BATCHES)))
    project.close()
  })

  test('refuses a batch whose columns do not fit each other, and names it', async () => {
    const project = await newProject()
    const { id } = await newRun(project)
    for (const batch of [0, 1]) await appendSetResults(project, id, { batch, batches: BATCHES, results: batchOf(batch) })
    project.exec(`update set_batches set score = substr(score, 5) where batch = 0`)
    project.exec(`update set_batches set body = '[{"id": 3}]', latent = substr(latent, 2) where batch = 1`)
    expect(await failureOf(() => all(project, id))).toContain(`the batch 0 of run ${id} is damaged`)
    expect(await failureOf(() => promptsWithLatent(project, { saeHash: 'h', latent: 7, limit: 5 }, NO_PAUSE))).toContain(
      `the batch 1 of run ${id} is damaged`
    )
    project.close()
  })

  test('ends when the project is closed meanwhile', async () => {
    const project = await newProject()
    const { id } = await newRun(project)
    for (const batch of [0, 1, 2]) await appendSetResults(project, id, { batch, batches: BATCHES, results: batchOf(batch) })
    const reading = storedResults(project, id)
    await reading.next()
    project.close()
    expect(await failureOf(() => reading.next())).toBe('No project is open. Open or create a project first.')
  })
})

test('a project of the first format is brought to the present one, with everything in it', async () => {
  const path = join(await temporaryFolder(), 'old.gradsae')
  const [first] = MIGRATIONS
  if (!first) expect.fail('there is a first migration')
  const old = connect(path)
  const { error } = await new Migrator({ db: old.db, provider: { getMigrations: async () => ({ [first.name]: first }) } }).migrateToLatest()
  expect(error).toBeUndefined()
  expect(old.pragma('user_version')).toEqual([{ user_version: 1 }])
  old.exec(`insert into project values ('project', 'Old', 'notes', '2026-01-02', '2026-01-02')`)
  old.exec(`insert into prompts values ('p', null, '', 'kept', '', 1, '2026-01-02')`)
  old.close()
  const project = await openProject(path)
  expect(project.pragma('user_version')).toEqual([{ user_version: FORMAT_VERSION }])
  const state = await projectState(project)
  expect(state).toMatchObject({ name: 'Old', prompts: [{ text: 'kept' }], sets: [], setRuns: [], experiments: [] })
  expect(await createSet(project, { name: 'new', source: '', prompts: PROMPTS })).toMatch(/-/)
  project.close()
})
