import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import Papa from 'papaparse'
import { expect, test } from 'vitest'
import { exportProjectTokens } from '../../../src/main/archive/export-tokens'
import { tokenColumns, tokenPlaces, tokenRow, type TokenCell } from '../../../src/main/reports/token-rows'
import { quietTask } from '../../../src/shared/task'
import type { Comparison } from '../../../src/shared/records/steering'
import { openArchive, type TestArchive } from '../../support/archive'
import { failureOf } from '../../support/failing'
import { sampleComparison } from '../../support/records'
import { richComparison } from '../../support/rich-comparison'

/** Numbers that a table of fewer digits, or of 32 bits, would change. */
const LOGPROB = -1 / 3
const KL = 1.1102230246251565e-16

function exact(): Comparison {
  const rich = richComparison()
  const [baseline, steered] = rich.columns
  if (!baseline || !steered?.scores) throw new Error('the sample has two columns')
  const [first, ...tokens] = steered.tokens
  if (!first) throw new Error('the sample has tokens')
  const kl = steered.scores.kl.map((value, at) => (at === 0 ? KL : value))
  return {
    ...rich,
    columns: [baseline, { ...steered, tokens: [{ ...first, logprob: LOGPROB }, ...tokens], scores: { ...steered.scores, kl } }]
  }
}

async function withComparisons(): Promise<TestArchive & { file: string; ids: string[] }> {
  const archive = await openArchive()
  const file = join(archive.folder, 'p.gradsae')
  await archive.call('project.create', { path: file, name: 'P' })
  const rich = await archive.call('comparisons.save', { name: '=rich', comparison: exact() })
  const plain = await archive.call('comparisons.save', { name: 'plain', comparison: sampleComparison() })
  return { ...archive, file, ids: [rich.id, plain.id] }
}

/** What must be in every file: the rows as they are made of the records. */
async function expected({
  call,
  ids
}: Pick<Awaited<ReturnType<typeof withComparisons>>, 'call' | 'ids'>): Promise<Record<string, TokenCell>[]> {
  const rows: Record<string, TokenCell>[] = []
  for (const id of ids) rows.push(...tokenPlaces(await call('comparisons.get', { id })).map((place) => tokenRow(place, tokenColumns(2))))
  return rows
}

test('every token goes to Parquet and comes back through a reader of the format with every bit', async () => {
  const archive = await withComparisons()
  const path = join(archive.folder, 'tokens.parquet')
  const written = await archive.call('comparisons.export', { ids: archive.ids, path, format: 'parquet' })
  const bytes = await readFile(path)
  const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) })
  expect(rows).toEqual(await expected(archive))
  expect(written.rows).toBe(rows.length)
  expect(rows[11 + 5]).toMatchObject({ logprob: LOGPROB, kl: KL })
  expect(written.bytes).toBe(bytes.length + (await readFile(`${path}.manifest.json`)).length)
})

test('every token goes to JSON with recipes, settings and provenance before it', async () => {
  const archive = await withComparisons()
  const path = join(archive.folder, 'tokens.json')
  await archive.call('comparisons.export', { ids: archive.ids, path, format: 'json' })
  const read = JSON.parse(await readFile(path, 'utf8')) as { comparisons: unknown[]; tokens: unknown }
  expect(read.tokens).toEqual(await expected(archive))
  expect(read.comparisons).toHaveLength(2)
  expect(read.comparisons[0]).toMatchObject({
    name: '=rich',
    settings: { seed: 17 },
    columns: [
      { recipe: null, tokens: 6 },
      { recipe: { id: 'rich', freezeAttention: true }, tokens: 6, measures: { overall: 1.3 } }
    ],
    provenance: { sae: { hash: 'sha256:bbbb' }, others: [{ hash: 'sha256:cccc' }] }
  })
  expect(await readdir(archive.folder)).not.toContain('tokens.json.manifest.json')
})

test('every token goes to CSV with all digits, empty where nothing was measured, and disarmed names', async () => {
  const archive = await withComparisons()
  const path = join(archive.folder, 'tokens.csv')
  await archive.call('comparisons.export', { ids: archive.ids, path, format: 'csv' })
  const { data, errors } = Papa.parse<Record<string, string>>(await readFile(path, 'utf8'), { header: true, skipEmptyLines: true })
  expect(errors).toEqual([])
  const numbers = ['position', 'token_id', 'logprob', 'baseline_logprob', 'kl', 'edit_size', 'target_probability', 'watched_2_probability']
  const rows = await expected(archive)
  for (const [at, row] of rows.entries())
    for (const name of numbers) expect(data[at]?.[name] === '' ? null : Number(data[at]?.[name])).toBe(row[name])
  expect(data[0]).toMatchObject({ comparison: "'=rich", generated: 'false', recipe: '' })
  const manifest = JSON.parse(await readFile(`${path}.manifest.json`, 'utf8')) as { comparisons: unknown[] }
  expect(manifest.comparisons).toHaveLength(2)
})

test('the command line takes comparisons by name, or all, oldest first, and says which there are', async () => {
  const archive = await withComparisons()
  await archive.call('project.close', {})
  const { file, folder } = archive
  const asked = { path: join(folder, 'x.json'), format: 'json', shown: (path: string) => path } as const
  expect(await exportProjectTokens(file, [], asked, quietTask())).toMatchObject({ comparisons: 2, rows: 44 })
  expect(await exportProjectTokens(file, ['plain', 'plain'], asked, quietTask())).toMatchObject({ comparisons: 1, rows: 22 })
  expect(await failureOf(() => exportProjectTokens(file, ['other'], asked, quietTask()))).toContain(
    'holds no comparison "other"; it holds "=rich", "plain".'
  )
  expect(await failureOf(() => exportProjectTokens(file, [], { ...asked, path: file }, quietTask()))).toContain('it is the project itself')
})

test('a comparison that is gone is refused by name, and nothing is written', async () => {
  const { call, folder } = await withComparisons()
  const path = join(folder, 'gone.csv')
  expect(await failureOf(() => call('comparisons.export', { ids: ['gone'], path, format: 'csv' }))).toContain('comparison gone')
  expect((await readdir(folder)).some((name) => name.startsWith('gone'))).toBe(false)
})

test('SAEs of other hook points are stored as the bench’s is: by their place among the bundled ones', async () => {
  const { call, folder } = await withComparisons()
  const rich = richComparison()
  const [other] = rich.provenance.others ?? []
  if (!other) expect.fail('there is another SAE')
  const path = join(folder, 'models', 'one')
  const given = { ...rich, provenance: { ...rich.provenance, others: [{ ...other, path }] } }
  const { id } = await call('comparisons.save', { name: 'c', comparison: given })
  expect((await call('comparisons.get', { id })).comparison.provenance.others?.[0]?.path).toBe(path)
  await call('comparisons.export', { ids: [id], path: join(folder, 'c.json'), format: 'json' })
  expect(await readFile(join(folder, 'c.json'), 'utf8')).toContain(JSON.stringify(path))
})
