import { execFileSync } from 'node:child_process'
import { copyFile, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeProjectReport } from '../../../src/main/archive/report'
import { failureOf } from '../../support/failing'
import { sampleManifest, sampleResult, sampleSetPrompts } from '../../support/experiments'
import { sampleComparison } from '../../support/records'
import { temporaryFolder } from '../../support/folder'
import type { SetPrompt, SetResult } from '../../../src/shared/records/sets'
import { JsonReport } from '../../../src/main/reports/json'
import { appendExperimentPart, createExperiment, finishExperiment } from '../../../src/main/storage/experiments'
import { saveComparison } from '../../../src/main/storage/comparisons'
import { addMark } from '../../../src/main/storage/marks'
import { createProject, type Project } from '../../../src/main/storage/project'
import { createSet } from '../../../src/main/storage/prompt-sets'
import { appendSetResults, createSetRun } from '../../../src/main/storage/set-runs'

const DEMO = join(import.meta.dirname, '../../../resources/demo/demo.gradsae')

describe('a report of a project', () => {
  it('is never written over the project itself, not even under another name of it', async () => {
    const folder = await temporaryFolder()
    const project = join(folder, 'p.gradsae')
    await copyFile(DEMO, project)
    await symlink(project, join(folder, 'link.json'))
    for (const path of [project, join(folder, 'link.json')]) {
      expect(await failureOf(() => writeProjectReport(project, { path, format: 'json', version: 'test' }))).toBe(
        `${path} cannot be written: it is the project itself. Choose another place, or change the permissions.`
      )
    }
    expect((await readFile(project)).toString('latin1', 0, 15)).toBe('SQLite format 3')
    const beside = join(folder, 'r.json')
    expect((await writeProjectReport(project, { path: beside, format: 'json', version: 'test' })).path).toBe(beside)
  })

  it('holds set runs with their aggregate, two groups compared, failures told, and experiments without their parts', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'p.gradsae')
    await createProject(file, 'P').then(fill)
    const path = join(folder, 'r.json')
    await writeProjectReport(file, { path, format: 'json', version: 'test' })
    const read = JsonReport.parse(JSON.parse(await readFile(path, 'utf8')))
    expect(read.setRuns).toHaveLength(1)
    expect(read.setRuns[0]).toMatchObject({
      setName: 'Questions',
      failures: [{ id: 'three', message: 'too long' }],
      aggregate: { prompts: 2, failed: 1, groups: ['sad', 'happy'], latents: [{ latent: 7 }] }
    })
    expect(read.experiments).toHaveLength(1)
    expect(read.experiments[0]).toMatchObject({ name: 'Masking', result: sampleResult() })
    expect(read.experiments[0]).not.toHaveProperty('finished')
    await writeProjectReport(file, { path: join(folder, 'r.csv'), format: 'csv', version: 'test' })
    expect((await readdir(folder)).filter((name) => name.endsWith('.csv')).sort()).toEqual(['r.csv', 'r.curves.csv', 'r.experiments.csv'])
  })

  it('holds comparisons with the marks that people made of them', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'p.gradsae')
    const project = await createProject(file, 'P')
    const id = await saveComparison(project, { name: 'c', promptId: null, comparison: sampleComparison() })
    const mark = await addMark(project, id, { question: 'better', left: 1, right: 0, choice: 'left' })
    project.close()
    const path = join(folder, 'r.json')
    await writeProjectReport(file, { path, format: 'json', version: 'test' })
    expect(JsonReport.parse(JSON.parse(await readFile(path, 'utf8'))).comparisons).toMatchObject([{ name: 'c', marks: [mark] }])
  })

  it('does not wait for a pipe that bears the name of a project', async () => {
    const path = join(await temporaryFolder(), 'p.gradsae')
    execFileSync('mkfifo', [path])
    expect(await failureOf(() => writeProjectReport(path, { path: `${path}.html`, format: 'html', version: 'test' }))).toBe(
      `${path} cannot be read: it is not a regular file. Check the permissions of the file and its folder.`
    )
  })
})

const BENCH = { model: '/m', sae: '/s', hook: null, device: 'auto', reading: {} }

/** A set of three prompts in two groups, one of which fails, run once; and an experiment of two parts. */
async function fill(project: Project): Promise<void> {
  const about: [string, string][] = [
    ['one', 'sad'],
    ['two', 'happy'],
    ['three', 'happy']
  ]
  const prompts = about.map(([id, group]): SetPrompt => ({
    id,
    group,
    prompt: { text: id },
    answer: null,
    target: null,
    counterfactual: null,
    paraphrase: null
  }))
  const setId = await createSet(project, { name: 'Questions', source: 'q.jsonl', prompts })
  const run = await createSetRun(project, {
    setId,
    name: 'GradSAE',
    settings: { method: 'gradsae', includeSpecial: true, explain: 'greedy' },
    bench: BENCH,
    saeHash: 'sha256:bb',
    modelName: 'storyteller',
    saeName: 'three'
  })
  const results = about.map(([id], index): SetResult => {
    const failed = id === 'three'
    return {
      index,
      id,
      tokens: 3,
      target: failed ? null : { id: 1, text: ' a', special: false },
      value: 0.5,
      probability: 0.5,
      fvu: 0.1,
      latent: Int32Array.from(failed ? [] : [7]),
      score: Float32Array.from(failed ? [] : [0.5]),
      maxActivation: Float32Array.from(failed ? [] : [2]),
      meanActivation: Float32Array.from(failed ? [] : [1]),
      error: failed ? { code: 'PROMPT_TOO_LONG', message: 'too long' } : null
    }
  })
  await appendSetResults(project, run, { batch: 0, batches: 1, results })
  const experiment = await createExperiment(project, {
    name: 'Masking',
    experiment: 'masking',
    settings: sampleManifest.settings,
    bench: BENCH,
    modelName: 'storyteller',
    saeName: 'three',
    prompts: sampleSetPrompts,
    repeats: null
  })
  for (const part of [0, 1]) await appendExperimentPart(project, experiment, { part, data: { part } }, 2)
  await finishExperiment(project, experiment, { result: sampleResult(), manifest: sampleManifest })
  project.close()
}
