import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  deleteComparison,
  deleteRecipe,
  getComparison,
  saveComparison,
  saveRecipe,
  updateComparison
} from '../../../src/main/storage/comparisons'
import { updateProject } from '../../../src/main/storage/describe'
import { HISTORY_LIMIT, redo, undo } from '../../../src/main/storage/history'
import { createProject, openProject } from '../../../src/main/storage/project'
import type { Project } from '../../../src/main/storage/project'
import {
  addGroup,
  addPrompt,
  deleteGroup,
  deletePrompt,
  duplicatePrompt,
  updateGroup,
  updatePrompt
} from '../../../src/main/storage/prompts'
import { deleteRanking, getRanking, saveRanking, updateRanking } from '../../../src/main/storage/rankings'
import { projectState } from '../../../src/main/storage/state'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { sampleComparison, sampleRanking } from '../../support/records'

async function withProject(work: (project: Project, path: string) => Promise<void>): Promise<void> {
  const path = join(await temporaryFolder(), 'a.gradsae')
  const project = await createProject(path, 'A')
  await work(project, path)
  project.close()
}

/** The project without what every change moves on. */
async function content(project: Project): Promise<unknown> {
  const { undo: _undo, redo: _redo, savedAt: _savedAt, ...rest } = await projectState(project)
  return rest
}

const recipe = {
  id: 'r1',
  name: 'sad',
  interventions: [{ latent: 3, mode: 'add' as const, coefficient: 8, positions: 'all' as const }],
  keepError: true
}

/** Every kind of change, after a project that already has one of each record. Each gives the label it must leave. */
const CHANGES: [
  label: string,
  change: (project: Project, ids: Record<'group' | 'prompt' | 'ranking' | 'comparison', string>) => Promise<unknown>
][] = [
  ['add group "g2"', (project) => addGroup(project, 'g2')],
  ['rename group "g"', (project, { group }) => updateGroup(project, group, { name: 'h' })],
  ['move group "g"', (project, { group }) => updateGroup(project, group, { position: 7 })],
  ['delete group "g"', (project, { group }) => deleteGroup(project, group)],
  ['add prompt "two lines"', (project) => addPrompt(project, { text: 'two\nlines', name: '', groupId: null })],
  ['edit prompt "p"', (project, { prompt }) => updatePrompt(project, prompt, { text: 'new' })],
  ['rename prompt "p"', (project, { prompt }) => updatePrompt(project, prompt, { name: 'new' })],
  ['edit the notes of prompt "p"', (project, { prompt }) => updatePrompt(project, prompt, { notes: 'new' })],
  ['move prompt "p"', (project, { prompt }) => updatePrompt(project, prompt, { groupId: null, position: 9 })],
  ['duplicate prompt "p"', (project, { prompt }) => duplicatePrompt(project, prompt)],
  ['delete prompt "p"', (project, { prompt }) => deletePrompt(project, prompt)],
  [
    'save ranking "r2"',
    (project, { prompt }) => saveRanking(project, { name: 'r2', promptId: prompt, ranking: sampleRanking(), labels: [] })
  ],
  ['rename ranking "r"', (project, { ranking }) => updateRanking(project, ranking, { name: 'new' })],
  ['edit the notes of ranking "r"', (project, { ranking }) => updateRanking(project, ranking, { notes: 'new' })],
  [
    'add the exact check to ranking "r"',
    (project, { ranking }) => updateRanking(project, ranking, { exact: { effects: [], pearson: null, spearman: null } })
  ],
  ['delete ranking "r"', (project, { ranking }) => deleteRanking(project, ranking)],
  [
    'save recipe "other"',
    (project) => saveRecipe(project, { recipe: { ...recipe, id: 'r2', name: 'other' }, saePath: '/s', saeHash: 'h' })
  ],
  ['change recipe "sad"', (project) => saveRecipe(project, { recipe: { ...recipe, keepError: false }, saePath: '/s', saeHash: 'h' })],
  ['delete recipe "sad"', (project) => deleteRecipe(project, 'r1')],
  ['save comparison "c2"', (project) => saveComparison(project, { name: 'c2', promptId: null, comparison: sampleComparison() })],
  ['rename comparison "c"', (project, { comparison }) => updateComparison(project, comparison, { name: 'new' })],
  ['edit the notes of comparison "c"', (project, { comparison }) => updateComparison(project, comparison, { notes: 'new' })],
  ['delete comparison "c"', (project, { comparison }) => deleteComparison(project, comparison)],
  ['rename project to "B"', (project) => updateProject(project, { name: 'B' })],
  ['edit the notes of the project', (project) => updateProject(project, { notes: 'new' })]
]

async function fill(project: Project): Promise<Record<'group' | 'prompt' | 'ranking' | 'comparison', string>> {
  const group = await addGroup(project, 'g')
  const prompt = await addPrompt(project, { text: 'text', name: 'p', groupId: group })
  const ranking = await saveRanking(project, { name: 'r', promptId: prompt, ranking: sampleRanking(), labels: [] })
  const comparison = await saveComparison(project, { name: 'c', promptId: prompt, comparison: sampleComparison() })
  await saveRecipe(project, { recipe, saePath: '/s', saeHash: 'h' })
  return { group, prompt, ranking, comparison }
}

describe('undo and redo', () => {
  test.each(CHANGES)('%s is taken back and done again, across a restart', async (label, change) => {
    const path = join(await temporaryFolder(), 'a.gradsae')
    const first = await createProject(path, 'A')
    const ids = await fill(first)
    const before = await content(first)
    await change(first, ids)
    const after = await content(first)
    expect(after).not.toEqual(before)
    expect(await projectState(first)).toMatchObject({ undo: label, redo: null })
    first.close()
    const second = await openProject(path)
    await undo(second)
    expect(await content(second)).toEqual(before)
    expect(await projectState(second)).toMatchObject({ undo: 'save recipe "sad"', redo: label })
    await redo(second)
    expect(await content(second)).toEqual(after)
    second.close()
  })

  test('bring back the whole of a deleted ranking and comparison', () =>
    withProject(async (project) => {
      const { ranking, comparison } = await fill(project)
      const saved = [await getRanking(project, ranking), await getComparison(project, comparison)]
      await deleteRanking(project, ranking)
      await deleteComparison(project, comparison)
      expect(await failureOf(() => getRanking(project, ranking))).toBe(
        `The ranking ${ranking} is not in this project any more. It may have been deleted; undo brings it back.`
      )
      expect(await failureOf(() => getComparison(project, comparison))).toMatch(/^The comparison .* is not in this project any more\./)
      await undo(project)
      await undo(project)
      expect([await getRanking(project, ranking), await getComparison(project, comparison)]).toEqual(saved)
    }))

  test('walk through all steps to the beginning and back', () =>
    withProject(async (project) => {
      const states = [await content(project)]
      for (const text of ['a', 'b', 'c']) {
        await addPrompt(project, { text, name: '', groupId: null })
        states.push(await content(project))
      }
      for (const at of [2, 1, 0, 0]) {
        await undo(project)
        expect(await content(project)).toEqual(states[at])
      }
      for (const at of [1, 2, 3, 3]) {
        await redo(project)
        expect(await content(project)).toEqual(states[at])
      }
    }))

  test('a new change after undo ends what could be done again', () =>
    withProject(async (project) => {
      await addPrompt(project, { text: 'a', name: '', groupId: null })
      await undo(project)
      await addPrompt(project, { text: 'b', name: '', groupId: null })
      expect(await projectState(project)).toMatchObject({ undo: 'add prompt "b"', redo: null, prompts: [{ text: 'b' }] })
    }))

  test('a change that changes nothing leaves no step', () =>
    withProject(async (project) => {
      const id = await addPrompt(project, { text: 'a', name: 'n', groupId: null })
      await updatePrompt(project, id, { text: 'a', name: 'n' })
      await updateProject(project, { name: 'A' })
      expect((await projectState(project)).undo).toBe('add prompt "n"')
    }))

  test('a change that fails leaves neither rows nor a step', () =>
    withProject(async (project) => {
      expect(await failureOf(() => saveRanking(project, { name: 'r', promptId: 'none', ranking: sampleRanking(), labels: [] }))).toMatch(
        /^The prompt none is not/
      )
      expect(await failureOf(() => updateGroup(project, 'none', { name: 'x' }))).toMatch(/^The group none is not/)
      expect(await projectState(project)).toMatchObject({ rankings: [], undo: null })
    }))

  test(`keep ${HISTORY_LIMIT} steps, and drop the data that only older ones named`, () =>
    withProject(async (project) => {
      const ranking = await saveRanking(project, { name: 'r', promptId: null, ranking: sampleRanking(), labels: [] })
      await deleteRanking(project, ranking)
      const payloads = () => project.db.selectFrom('ranking_payloads').select('id').execute()
      project.pragma('synchronous = off') // the test is about counting, not about the disk
      for (let n = 0; n < HISTORY_LIMIT - 1; n++) await updateProject(project, { name: `name ${n}` })
      expect(await payloads()).toHaveLength(1)
      await updateProject(project, { name: 'last' })
      expect(await payloads()).toHaveLength(0)
      expect(await project.db.selectFrom('history').select('seq').execute()).toHaveLength(HISTORY_LIMIT)
    }))
})
