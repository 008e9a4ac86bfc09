import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readExperiment } from '../../../src/main/experiments/journal'
import { readTable } from '../../../src/main/tables'
import { openArchive, type TestArchive } from '../../support/archive'
import { sampleManifest, sampleResult, sampleSetPrompts, savedExperiment } from '../../support/experiments'
import { failureOf } from '../../support/failing'

async function withExperiment(repeats: string | null = null): Promise<TestArchive & { id: string; model: string }> {
  const archive = await openArchive()
  const { call, folder } = archive
  await call('project.create', { path: join(folder, 'a.gradsae'), name: 'A' })
  const model = join(folder, 'models', 'storyteller', 'model')
  const { id } = await create(archive, model, repeats)
  return { ...archive, id, model }
}

function create({ call }: TestArchive, model: string, repeats: string | null): Promise<{ id: string }> {
  const { name, experiment, settings, bench, model: modelName, sae: saeName } = savedExperiment()
  return call('experiments.create', {
    name,
    experiment,
    settings,
    bench: { ...bench, model },
    modelName,
    saeName,
    prompts: sampleSetPrompts,
    repeats
  })
}

const manifestOf = (model: string): typeof sampleManifest => ({
  ...sampleManifest,
  bench: { ...sampleManifest.bench, model: { ...sampleManifest.bench.model, path: model } }
})

test('an experiment goes on from its parts, and its repetition says whether it reproduced', async () => {
  const archive = await withExperiment()
  const { call, id, model } = archive
  expect(await call('experiments.append', { id, part: { part: 0, data: [1] }, parts: 2 })).toEqual({ done: 1 })
  expect((await call('experiments.get', { id })).finished).toEqual([{ part: 0, data: [1] }])
  const manifest = manifestOf(model)
  const first = await call('experiments.finish', { id, result: sampleResult(), manifest })
  expect(first).toMatchObject({ reproduction: null, state: { experiments: [{ sentence: sampleResult().sentence }] } })
  expect(await call('experiments.get', { id })).toMatchObject({ manifest, result: sampleResult(), bench: { model } })
  const again = await create(archive, model, id)
  const { reproduction, state } = await call('experiments.finish', { id: again.id, result: sampleResult(), manifest })
  expect(reproduction).toEqual({ same: true, largest: 0, differences: [] })
  expect(state.experiments.find((one) => one.id === again.id)?.repeats).toEqual({ id, same: true })
  expect((await call('experiments.update', { id, notes: 'n' })).state.experiments.find((one) => one.id === id)?.notes).toBe('n')
  expect((await call('experiments.delete', { id })).state.experiments).toHaveLength(1)
})

test('an experiment is written as files from which the command line repeats it', async () => {
  const { call, id, model, folder } = await withExperiment()
  const path = join(folder, 'out')
  expect(await failureOf(() => call('experiments.export', { id, path, format: 'csv' }))).toBe(
    'The experiment "Masking, held-out questions" has no result yet. Resume it, and export it when it is finished.'
  )
  await call('experiments.finish', { id, result: sampleResult(), manifest: manifestOf(model) })
  for (const format of ['csv', 'parquet'] as const) {
    const at = join(folder, format)
    const { bytes } = await call('experiments.export', { id, path: at, format })
    const files = await readdir(at)
    expect(files.sort()).toEqual(['manifest.json', `masking.${format}`, 'result.json', `top.${format}`].sort())
    const sizes = await Promise.all(files.map(async (file) => (await readFile(join(at, file))).length))
    expect(bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
    expect(await readExperiment(join(at, 'manifest.json'))).toEqual({ manifest: manifestOf(model), result: sampleResult() })
    const { columns, rows } = await readTable(join(at, `masking.${format}`), format)
    expect([columns.map(({ name }) => name), rows]).toEqual([['method', 'k', 'em', 'em_low', 'em_high'], 3])
  }
  await call('experiments.export', { id, path: `${path}.json`, format: 'json' })
  expect(JSON.parse(await readFile(`${path}.json`, 'utf8'))).toEqual({ result: sampleResult(), manifest: manifestOf(model) })
})

test('what tables are called in a project from elsewhere does not say where files go', async () => {
  const { call, id, model, folder } = await withExperiment()
  const [table] = sampleResult().tables
  if (!table) expect.fail('there is a table')
  const columns = ['a', 'A', 'a_low'].map((key) => ({ key, label: key, unit: '' }))
  const rows = [[{ value: 1, low: 0, high: 2 }, 'text', 5]]
  const names = ['../../outside', '/etc/passwd', '', '..', 'Masking', 'masking']
  const tables = names.map((name) => ({ ...table, name, columns, rows }))
  await call('experiments.finish', { id, result: sampleResult({ tables, curves: [] }), manifest: manifestOf(model) })
  const path = join(folder, 'out', 'deep')
  await call('experiments.export', { id, path, format: 'csv' })
  expect((await readdir(path)).sort()).toEqual(
    ['-outside.csv', '-etc-passwd.csv', 'table.csv', '-.csv', 'Masking.csv', 'masking-2.csv', 'manifest.json', 'result.json'].sort()
  )
  const { columns: found } = await readTable(join(path, 'Masking.csv'), 'csv')
  expect(found.map(({ name }) => name)).toEqual(['a', 'a_low', 'a_high', 'A-2', 'a_low-2'])
})
