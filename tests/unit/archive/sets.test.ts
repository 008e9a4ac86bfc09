import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readTable } from '../../../src/main/tables'
import { resultsFrom } from '../../../src/main/sets/results'
import type { SetResult, SetSettings } from '../../../src/shared/records/sets'
import { openArchive, type TestArchive } from '../../support/archive'
import { failureOf } from '../../support/failing'
import { sampleRanking } from '../../support/records'
import { promptsNamed, randomResults } from '../../support/set-results'

const SETTINGS: SetSettings = { method: 'attribution', explain: 'answer', includeSpecial: true }
const RESULTS = randomResults(2, promptsNamed(30))
const BATCHES = 3
const batchOf = (batch: number): SetResult[] => RESULTS.filter(({ index }) => index % BATCHES === batch)

/** A project with an imported set of 30 prompts in two groups, and a run of the bundled model over it without results. */
async function withRun(): Promise<TestArchive & { setId: string; id: string; model: string }> {
  const archive = await openArchive()
  const { call, folder } = archive
  await call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })
  const path = join(folder, 'prompts.jsonl')
  const lines = promptsNamed(30).map(({ id }, at) =>
    JSON.stringify({ id, text: `text ${at}`, label: 'red', class: at % 2 ? 'sad' : 'happy' })
  )
  await writeFile(path, lines.join('\n'))
  const { suggestion } = await call('sets.read', { path })
  if (!suggestion) expect.fail('the columns are recognised')
  const set = await call('sets.import', { path, name: 'thirty', columns: suggestion })
  const model = join(folder, 'models', 'storyteller', 'model')
  const bench = { model, sae: '/s', hook: null, device: 'cpu', reading: {} }
  const run = await call('setRuns.create', {
    setId: set.id,
    name: 'r',
    settings: SETTINGS,
    bench,
    saeHash: 'h',
    modelName: 'm',
    saeName: 's'
  })
  expect(run.state).toMatchObject({
    sets: [{ id: set.id, prompts: 30, groups: ['happy', 'sad'] }],
    setRuns: [{ id: run.id, done: 0, prompts: 30 }]
  })
  return { ...archive, setId: set.id, id: run.id, model }
}

async function withResults(): ReturnType<typeof withRun> {
  const made = await withRun()
  for (const batch of [2, 0, 1]) await made.call('setRuns.append', { id: made.id, batch, batches: BATCHES, results: batchOf(batch) })
  return made
}

describe('a set', () => {
  test('is imported with what its columns say', async () => {
    const { call, setId } = await withRun()
    const { all } = await call('sets.get', { id: setId })
    expect(all[1]).toEqual({
      id: 'p1',
      prompt: { text: 'text 1' },
      answer: 'red',
      target: null,
      counterfactual: null,
      group: 'sad',
      paraphrase: null
    })
    expect((await call('sets.update', { id: setId, name: 'renamed' })).state.sets).toMatchObject([{ name: 'renamed' }])
    expect((await call('sets.delete', { id: setId })).state).toMatchObject({ sets: [], setRuns: [] })
    expect((await call('project.undo', {})).state.setRuns).toHaveLength(1)
  })

  test('is made of groups of the project', async () => {
    const { call } = await withRun()
    const group = await call('groups.add', { name: 'g' })
    await call('prompts.add', { text: 'a', groupId: group.id })
    const { state, id } = await call('sets.fromGroups', { name: 'of groups', groupIds: [group.id] })
    expect(state.sets.find((set) => set.id === id)).toMatchObject({ prompts: 1, groups: ['g'], name: 'of groups' })
  })
})

describe('a run', () => {
  test('is told how many batches are stored, goes on where it stopped, and keeps where its numbers come from', async () => {
    const { call, id, model, folder } = await withRun()
    const given = { id, batches: BATCHES }
    expect(await call('setRuns.append', { ...given, batch: 2, results: batchOf(2) })).toEqual({ done: 1 })
    expect(await call('setRuns.append', { ...given, batch: 2, results: batchOf(2) })).toEqual({ done: 1 })
    expect(await call('setRuns.get', { id })).toMatchObject({ doneBatches: [2], batches: BATCHES, provenance: null, bench: { model } })
    const { provenance } = sampleRanking()
    provenance.model.path = model
    await call('setRuns.finish', { id, provenance })
    expect((await call('setRuns.get', { id })).provenance).toEqual(provenance)
    await call('project.close', {})
    expect((await readFile(join(folder, 'a.gradsae'))).includes(model)).toBe(false)
  })

  test('is counted, compared and looked through', async () => {
    const { call, id } = await withResults()
    const failed = RESULTS.filter(({ error }) => error !== null).length
    const aggregate = await call('setRuns.aggregate', { id, groups: ['happy', 'sad'], resamples: 100, limit: 5 })
    expect(aggregate).toMatchObject({ prompts: 30 - failed, failed, groups: ['happy', 'sad'], topK: 10, resamples: 100 })
    expect(aggregate.latents).toHaveLength(5)
    const { results } = await call('setRuns.prompts', { id, top: 2 })
    expect(results).toEqual(
      RESULTS.map((result) => {
        const [latent, score, maxActivation, meanActivation] = [
          result.latent.slice(0, 2),
          result.score.slice(0, 2),
          result.maxActivation.slice(0, 2),
          result.meanActivation.slice(0, 2)
        ]
        return { ...result, latent, score, maxActivation, meanActivation }
      })
    )
    const { prompts, total } = await call('setRuns.latent', { saeHash: 'h', latent: 7, limit: 3 })
    expect(total).toBe(RESULTS.filter(({ latent }) => latent.includes(7)).length)
    const [best] = RESULTS.filter(({ latent }) => latent.includes(7)).sort((a, b) => a.latent.indexOf(7) - b.latent.indexOf(7))
    const at = best?.latent.indexOf(7) ?? -1
    expect(prompts[0]).toMatchObject({
      setName: 'thirty',
      promptId: best?.id,
      promptText: `text ${best?.index}`,
      rank: at + 1,
      score: best?.score[at]
    })
  })

  test('is counted while batches go on being stored, and ends when it is cancelled', async () => {
    const { call, id } = await withResults()
    const cancel = new AbortController()
    cancel.abort()
    await expect(call('setRuns.aggregate', { id }, cancel.signal)).rejects.toThrow('Cancelled')
    await expect(call('setRuns.prompts', { id }, cancel.signal)).rejects.toThrow('Cancelled')
    await expect(call('setRuns.latent', { saeHash: 'h', latent: 7 }, cancel.signal)).rejects.toThrow('Cancelled')
    const [aggregate, appended] = await Promise.all([
      call('setRuns.aggregate', { id, resamples: 100 }),
      call('setRuns.append', { id, batch: 3, batches: 4, results: [] })
    ])
    expect([aggregate.prompts + aggregate.failed, appended.done]).toEqual([30, 4])
  })

  test.each(['parquet', 'csv', 'jsonl'] as const)('is written as %s, in the order of the set, with its manifest', async (format) => {
    const { call, id, folder, model } = await withResults()
    const path = join(folder, `run.${format}`)
    const { bytes } = await call('setRuns.export', { id, path, format })
    expect(bytes).toBe((await stat(path)).size + (await stat(`${path}.manifest.json`)).size)
    const specs = (await readTable(path, format)).columns.map(({ name }) => name)
    expect(specs.slice(0, 2)).toEqual(['prompt', 'id'])
    expect(specs.slice(-2)).toEqual(['prompt_text', 'group'])
    if (format === 'parquet') {
      const table = await readTable(path, format)
      expect(resultsFrom(path, table)).toEqual(RESULTS)
      const cells = (name: string): unknown[] => Array.from(table.columns.find((one) => one.name === name)?.values ?? [])
      expect(cells('prompt_text')).toEqual(cells('prompt').map((place) => `text ${String(place)}`))
      expect(new Set(cells('group'))).toEqual(new Set(['happy', 'sad']))
    }
    const manifest: unknown = JSON.parse(await readFile(`${path}.manifest.json`, 'utf8'))
    expect(manifest).toMatchObject({
      run: { name: 'r', done: 3 },
      set: { name: 'thirty' },
      settings: SETTINGS,
      bench: { model },
      provenance: null
    })
  })

  test('that is cancelled while it is written leaves no file', async () => {
    const { call, id, folder } = await withResults()
    const cancel = new AbortController()
    cancel.abort()
    const path = join(folder, 'run.csv')
    await expect(call('setRuns.export', { id, path, format: 'csv' }, cancel.signal)).rejects.toThrow('Cancelled')
    expect(await failureOf(() => readTable(path, 'csv'))).toMatch(/does not exist/)
  })
})
