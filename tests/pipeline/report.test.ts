import { copyFile, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import Papa from 'papaparse'
import { expect, test } from 'vitest'
import { writeProjectReport } from '../../src/main/archive/report'
import { createEngineHandlers } from '../../src/main/engine/handlers'
import { JsonReport } from '../../src/main/reports/json'
import { getComparison } from '../../src/main/storage/comparisons'
import { openProject } from '../../src/main/storage/project'
import { getRanking } from '../../src/main/storage/rankings'
import { projectState } from '../../src/main/storage/state'
import { quietTask } from '../../src/shared/task'
import { temporaryFolder } from '../support/folder'

const ROOT = join(import.meta.dirname, '..', '..')
const MODELS = join(ROOT, 'models')
const DEMO = join(ROOT, 'resources', 'demo', 'demo.gradsae')

async function demoCopy(): Promise<string> {
  const path = join(await temporaryFolder(), 'demo.gradsae')
  await copyFile(DEMO, path)
  return path
}

test('the demo project holds every demo prompt in its group, checked rankings and a comparison, of the model that ships', async () => {
  const project = await openProject(await demoCopy())
  const state = await projectState(project)
  const prompts: { concept: string; prompt: string }[] = JSON.parse(
    await readFile(join(MODELS, 'storyteller', 'eval', 'prompts.json'), 'utf8')
  )
  const groups = new Map(state.groups.map(({ id, name }) => [id, name]))
  expect(state.prompts.map(({ text, groupId }) => ({ concept: groups.get(groupId ?? ''), prompt: text }))).toEqual(
    prompts.map(({ concept, prompt }) => ({ concept, prompt }))
  )
  expect(state).toMatchObject({ undo: null, redo: null })
  expect(state.rankings.map(({ method }) => method)).toEqual(['attribution', 'gradsae'])
  const engine = createEngineHandlers({ bundledModels: MODELS, labels: null, version: 'test' })
  for (const { id } of state.rankings) {
    const { ranking, labels } = await getRanking(project, id)
    expect(ranking.exact?.effects).toHaveLength(20)
    expect(labels.length).toBeGreaterThan(0)
    expect(ranking.provenance.model.path).toBe('bundled:storyteller/model')
    // when the model is replaced, run scripts/make-demo.mjs
    const task = { ...quietTask(), emit: () => undefined }
    expect((await engine['model.open']({ model: ranking.provenance.model.path, device: 'cpu' }, task)).hash).toBe(
      ranking.provenance.model.hash
    )
    expect((await engine['sae.open']({ sae: ranking.provenance.sae.path }, task)).hash).toBe(ranking.provenance.sae.hash)
  }
  project.close()
  // nothing of the machine that made it
  expect((await readFile(DEMO)).includes(ROOT)).toBe(false)
})

test('the demo project becomes an HTML, a JSON and two CSV files that say the same', async () => {
  const file = await demoCopy()
  const folder = await temporaryFolder()
  for (const format of ['html', 'json', 'csv'] as const) {
    const path = join(folder, `report.${format}`)
    const written = await writeProjectReport(file, { path, format, version: '1.2.3' })
    expect(written.path).toBe(path)
    expect(written.bytes).toBeGreaterThan(1000)
  }
  expect((await readdir(folder)).sort()).toEqual(['report.csv', 'report.html', 'report.json', 'report.tokens.csv'])

  const project = await openProject(file)
  const state = await projectState(project)
  const rankings = await Promise.all(state.rankings.reverse().map(({ id }) => getRanking(project, id)))
  const comparisons = await Promise.all(state.comparisons.reverse().map(({ id }) => getComparison(project, id)))
  project.close()

  const json = JsonReport.parse(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')))
  expect(json.rankings).toEqual(rankings)
  expect(json.comparisons).toEqual(comparisons.map((saved) => ({ ...saved, marks: [] })))

  const csv = Papa.parse<Record<string, string>>(await readFile(join(folder, 'report.csv'), 'utf8'), { header: true, skipEmptyLines: true })
  expect(csv.data.map(({ latent, score }) => [Number(latent), Number(score)])).toEqual(
    rankings.flatMap(({ ranking }) => ranking.latents.map(({ latent, score }) => [latent, score]))
  )

  const html = await readFile(join(folder, 'report.html'), 'utf8')
  for (const { ranking } of rankings) {
    expect(html).toContain(ranking.provenance.model.hash)
    for (const { latent } of ranking.latents.slice(0, 20)) expect(html).toContain(`>${latent}<`)
  }
  expect(html).not.toMatch(/<script\b|NaN|undefined/)
})
