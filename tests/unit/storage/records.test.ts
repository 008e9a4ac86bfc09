import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { getComparison, saveComparison, saveRecipe } from '../../../src/main/storage/comparisons'
import { redo, undo } from '../../../src/main/storage/history'
import { addMark, clearMarks, listMarks } from '../../../src/main/storage/marks'
import { createProject } from '../../../src/main/storage/project'
import type { Project } from '../../../src/main/storage/project'
import { addGroup, addPrompt, deleteGroup, deletePrompt, duplicatePrompt } from '../../../src/main/storage/prompts'
import { appearances, getRanking, saveRanking, updateRanking } from '../../../src/main/storage/rankings'
import { projectState } from '../../../src/main/storage/state'
import type { Recipe } from '../../../src/shared/records/steering'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { sampleComparison, sampleRanking } from '../../support/records'

async function withProject(work: (project: Project) => Promise<void>): Promise<void> {
  const project = await createProject(join(await temporaryFolder(), 'a.gradsae'), 'A')
  await work(project)
  project.close()
}

const saved = { name: 'r', promptId: null, labels: [] }

describe('prompts', () => {
  test('stay when their group is deleted', () =>
    withProject(async (project) => {
      const groupId = await addGroup(project, 'g')
      const id = await addPrompt(project, { text: 'a', name: '', groupId })
      await deleteGroup(project, groupId)
      expect((await projectState(project)).prompts).toMatchObject([{ id, groupId: null }])
    }))

  test('are duplicated to the place right after', () =>
    withProject(async (project) => {
      const ids = []
      for (const text of ['a', 'b']) ids.push(await addPrompt(project, { text, name: text, groupId: null }))
      await duplicatePrompt(project, ids[0] ?? '')
      await duplicatePrompt(project, ids[0] ?? '')
      expect((await projectState(project)).prompts.map(({ name }) => name)).toEqual(['a', 'a (copy)', 'a (copy)', 'b'])
    }))

  test('leave their rankings and comparisons behind, with their text', () =>
    withProject(async (project) => {
      const promptId = await addPrompt(project, { text: 'a', name: '', groupId: null })
      await saveRanking(project, { ...saved, promptId, ranking: sampleRanking() })
      await saveComparison(project, { name: 'c', promptId, comparison: sampleComparison() })
      await deletePrompt(project, promptId)
      const state = await projectState(project)
      expect(state.rankings).toMatchObject([{ promptId: null, promptText: 'Once upon a time,\n é' }])
      expect(state.comparisons).toMatchObject([{ promptId: null, promptText: 'Once upon a time', recipes: ['sadder'] }])
    }))
})

describe('rankings', () => {
  test.each(['gradsae', 'attribution'] as const)('by %s come back bit for bit', (method) =>
    withProject(async (project) => {
      const ranking = sampleRanking(50, method)
      const id = await saveRanking(project, { ...saved, ranking })
      expect((await getRanking(project, id)).ranking).toEqual(ranking)
    })
  )

  test('of a part of a larger buffer keep only that part', () =>
    withProject(async (project) => {
      const ranking = sampleRanking(2)
      const { entries } = ranking
      const wide = new Float32Array(entries.score.length + 10)
      wide.set(entries.score, 5)
      const id = await saveRanking(project, {
        ...saved,
        ranking: { ...ranking, entries: { ...entries, score: wide.subarray(5, wide.length - 5) } }
      })
      expect((await getRanking(project, id)).ranking.entries.score).toEqual(entries.score)
    }))

  test('keep the labels that their latents had', () =>
    withProject(async (project) => {
      const labels = [101, 100, 9999].map((latent) => ({ latent, label: `label of ${latent}`, source: 'test' }))
      const id = await saveRanking(project, { ...saved, ranking: sampleRanking(), labels })
      expect((await getRanking(project, id)).labels).toEqual([labels[1], labels[0]])
    }))

  test('made from token ids are listed by what the tokens say', () =>
    withProject(async (project) => {
      await saveRanking(project, { ...saved, ranking: { ...sampleRanking(), prompt: { ids: [0, 1, 2, 3, 4, 5, 6, 7] } } })
      expect((await projectState(project)).rankings[0]?.promptText).toBe('Once upon a time,\n<c3>')
    }))

  test('take an exact check later', () =>
    withProject(async (project) => {
      const { exact, ...rest } = sampleRanking()
      const id = await saveRanking(project, { ...saved, ranking: { ...rest, exact: null } })
      expect((await projectState(project)).rankings[0]?.verified).toBe(0)
      await updateRanking(project, id, { exact: exact ?? undefined })
      expect((await getRanking(project, id)).ranking.exact).toEqual(exact)
      expect((await projectState(project)).rankings[0]?.verified).toBe(5)
    }))

  test('are found by a latent of the same SAE, best rank first', () =>
    withProject(async (project) => {
      const ranking = sampleRanking()
      const turned = { ...ranking, latents: [...ranking.latents].reverse() }
      const other = { ...ranking, provenance: { ...ranking.provenance, sae: { ...ranking.provenance.sae, hash: 'sha256:other' } } }
      const low = await saveRanking(project, { ...saved, name: 'low', ranking: turned })
      const high = await saveRanking(project, { ...saved, name: 'high', ranking })
      await saveRanking(project, { ...saved, name: 'of another SAE', ranking: other })
      expect(await appearances(project, 'sha256:bbbb', 100)).toMatchObject([
        { rankingId: high, name: 'high', rank: 1, score: 0.5, targetText: ' there' },
        { rankingId: low, name: 'low', rank: 6, score: 0.5 }
      ])
      expect(await appearances(project, 'sha256:bbbb', 99)).toEqual([])
    }))

  test('of 5,000 latents are saved and searched', () =>
    withProject(async (project) => {
      const id = await saveRanking(project, { ...saved, ranking: sampleRanking(5000) })
      expect((await getRanking(project, id)).ranking.latents).toHaveLength(5000)
      expect(await appearances(project, 'sha256:bbbb', 4000)).toMatchObject([{ rank: 3901 }])
    }))

  test('that are damaged are named', () =>
    withProject(async (project) => {
      const id = await saveRanking(project, { ...saved, ranking: sampleRanking() })
      await project.db.updateTable('ranking_payloads').set({ body: '{"method":"other"}' }).execute()
      expect(await failureOf(() => getRanking(project, id))).toMatch(`is not a GradSAE project: the ranking ${id} is damaged.`)
    }))
})

describe('comparisons and recipes', () => {
  test('come back as they were', () =>
    withProject(async (project) => {
      const comparison = sampleComparison()
      const id = await saveComparison(project, { name: 'c', promptId: null, comparison })
      expect((await getComparison(project, id)).comparison).toEqual(comparison)
    }))

  test('a recipe is replaced by its id and keeps its place', () =>
    withProject(async (project) => {
      const recipe = (id: string, name: string) => ({
        recipe: { id, name, interventions: [], keepError: false },
        saePath: '/s',
        saeHash: 'h'
      })
      await saveRecipe(project, recipe('1', 'a'))
      await saveRecipe(project, recipe('2', 'b'))
      await saveRecipe(project, recipe('1', 'renamed'))
      expect((await projectState(project)).recipes.map((entry) => entry.recipe.name)).toEqual(['renamed', 'b'])
    }))

  test('a recipe comes back whole, what older files do not have included', () =>
    withProject(async (project) => {
      const recipe: Recipe = {
        id: '1',
        name: 'a',
        interventions: [
          { latent: 0, direction: 'd', mode: 'cap', coefficient: 2, unit: 'residual', positions: 'range', range: [1, 3] },
          {
            latent: 4,
            sae: 'h2',
            mode: 'clamp',
            coefficient: 0,
            upper: 3,
            positions: 'all',
            condition: { kind: 'activation', latent: 7, is: 'above', bound: 0.5 }
          }
        ],
        keepError: true,
        saes: [{ name: 's', path: '/s2', hash: 'h2', hook: null, reading: {} }],
        directions: [{ id: 'd', name: 'joy', hook: 'blocks.1.hook_resid_post', vector: 'AACAPw==', origin: 'by hand' }],
        editSpecial: false,
        freezeAttention: true
      }
      await saveRecipe(project, { recipe, saePath: '/s', saeHash: 'h' })
      expect((await projectState(project)).recipes[0]?.recipe).toEqual(recipe)
      await saveRecipe(project, { recipe: { id: '1', name: 'a', interventions: [], keepError: true }, saePath: '/s', saeHash: 'h' })
      await undo(project)
      expect((await projectState(project)).recipes[0]?.recipe).toEqual(recipe)
    }))
})

describe('marks', () => {
  test('are kept in their order, undone and removed like everything else', () =>
    withProject(async (project) => {
      const id = await saveComparison(project, { name: 'c', promptId: null, comparison: sampleComparison() })
      const first = await addMark(project, id, { question: 'fluency', left: 1, right: 0, choice: 'tie' })
      const second = await addMark(project, id, { question: 'concept', left: 0, right: 1, choice: 'right' })
      expect(await listMarks(project, id)).toEqual([first, second])
      await undo(project)
      expect(await listMarks(project, id)).toEqual([first])
      await redo(project)
      expect(await clearMarks(project, id)).toBe(2)
      expect(await listMarks(project, id)).toEqual([])
      await undo(project)
      expect(await listMarks(project, id)).toEqual([first, second])
    }))

  test('of a comparison that is not there are refused, those that are damaged are named', () =>
    withProject(async (project) => {
      expect(await failureOf(() => listMarks(project, 'gone'))).toContain('gone')
      const id = await saveComparison(project, { name: 'c', promptId: null, comparison: sampleComparison() })
      await addMark(project, id, { question: 'better', left: 0, right: 1, choice: 'left' })
      await project.db.updateTable('marks').set({ choice: 'both' }).execute()
      expect(await failureOf(() => listMarks(project, id))).toContain(`the list of marks of comparison ${id} is damaged`)
    }))
})
