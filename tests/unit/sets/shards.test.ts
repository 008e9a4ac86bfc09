import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { batchesOfShard } from '../../../src/main/sets/plan'
import { openJournal, promptLines, type Journal } from '../../../src/main/sets/shards/journal'
import { shardFiles, type Identity } from '../../../src/main/sets/shards/manifest'
import { findShards, mergedPrompts, writeMerged } from '../../../src/main/sets/shards/merge'
import { readTable } from '../../../src/main/tables'
import { SetSettings, type SetResult } from '../../../src/shared/records/sets'
import { quietTask } from '../../../src/shared/task'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { promptsNamed, randomResults } from '../../support/set-results'
import { savedRanking } from '../../support/saved'

const PROMPTS = promptsNamed(60)
const { lines, sha256 } = promptLines(PROMPTS)
const RESULTS = randomResults(1, PROMPTS)
/** Prompts are scattered over batches as lengths scatter them. */
const BATCHES = Array.from({ length: 15 }, (_, batch) => RESULTS.filter(({ index }) => (index * 7) % 15 === batch))
const PROVENANCE = savedRanking().ranking.provenance

const IDENTITY: Identity = {
  model: { name: 'm', hash: 'sha256:1' },
  sae: { name: 's', hash: 'sha256:2', hook: null, reading: {} },
  prompts: { sha256, count: PROMPTS.length },
  settings: SetSettings.parse({ method: 'gradsae' }),
  device: 'auto',
  versions: { onnxruntime: '1' }
}

/** The journal of a shard that is not finished. */
async function journalAt(folder: string, index: number, of: number): Promise<Journal> {
  const opened = await openJournal(folder, { index, of }, IDENTITY, lines)
  return 'journal' in opened ? opened.journal : expect.fail('it is finished')
}

async function compute(folder: string, index: number, of: number, stopAfter = Infinity): Promise<void> {
  const journal = await journalAt(folder, index, of)
  const missing = batchesOfShard(BATCHES.length, { index, of }).filter((batch) => !journal.done.includes(batch))
  for (const batch of missing.slice(0, stopAfter)) await journal.append(batch, BATCHES[batch] ?? [])
  if (missing.length <= stopAfter) await journal.finish({ batches: BATCHES.length, provenance: PROVENANCE })
}

async function merged(folders: readonly string[], format: 'parquet' | 'csv' | 'jsonl' = 'parquet'): Promise<Buffer> {
  const out = join(await temporaryFolder(), 'merged')
  await writeMerged(await findShards(folders), out, format, quietTask())
  return readFile(out)
}

describe('shards of a run', () => {
  it('merge to the same bytes whether they are one or seven, in one folder or in several, and interrupted or not', async () => {
    const [one, seven, apart, broken] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder(), await temporaryFolder()]
    await compute(one, 0, 1)
    for (const index of [3, 0, 6, 1, 2, 5, 4]) await compute(index % 2 ? seven : apart, index, 7)
    for (const stopAfter of [4, 5, Infinity]) await compute(broken, 0, 1, stopAfter)
    for (const format of ['parquet', 'csv'] as const) {
      const whole = await merged([one], format)
      expect(await merged([apart, seven], format)).toStrictEqual(whole)
      expect(await merged([broken], format)).toStrictEqual(whole)
    }
    expect(await readFile(shardFiles(broken, { index: 0, of: 1 }).table)).toStrictEqual(
      await readFile(shardFiles(one, { index: 0, of: 1 }).table)
    )
  })

  it('merge in the order of prompts, with all of their results', async () => {
    const folder = await temporaryFolder()
    await compute(folder, 0, 1)
    const found = await findShards([folder])
    const out = join(folder, 'out.parquet')
    expect(await writeMerged(found, out, 'parquet', quietTask())).toStrictEqual({
      prompts: 60,
      rows: RESULTS.reduce((sum: number, { latent }: SetResult) => sum + Math.max(1, latent.length), 0)
    })
    const prompts = Array.from((await readTable(out, 'parquet')).columns[0]?.values ?? [], Number)
    expect(prompts).toStrictEqual([...prompts].sort((a, b) => a - b))
    expect(await mergedPrompts(found)).toStrictEqual(PROMPTS)
  })

  it('repeat nothing that is done, and leave only what they made', async () => {
    const folder = await temporaryFolder()
    await compute(folder, 1, 2, 3)
    expect((await journalAt(folder, 1, 2)).done).toStrictEqual([1, 3, 5])
    await compute(folder, 1, 2)
    expect((await readdir(folder)).sort()).toStrictEqual(['prompts.jsonl', 'shard-00001-of-00002.json', 'shard-00001-of-00002.parquet'])
    const finished = await openJournal(folder, { index: 1, of: 2 }, IDENTITY, lines)
    expect(finished).toMatchObject({ finished: { batches: 15 } })
  })

  it('compute a batch again whose file is torn, and a shard whose table is not what was written', async () => {
    const folder = await temporaryFolder()
    await compute(folder, 0, 1, 3)
    const { parts, table } = shardFiles(folder, { index: 0, of: 1 })
    const part = join(parts, 'batch-0000001.parquet')
    await writeFile(part, (await readFile(part)).subarray(0, 100))
    await writeFile(join(parts, 'batch-0000009.parquet.12345678.tmp'), 'half')
    expect((await journalAt(folder, 0, 1)).done).toStrictEqual([0, 2])
    await compute(folder, 0, 1)
    const whole = await readFile(table)
    await writeFile(table, whole.subarray(0, 1000))
    expect(await failureOf(() => findShards([folder]))).toBe(`${table} is not what was written. Compute the shard again.`)
    await compute(folder, 0, 1)
    expect(await readFile(table)).toStrictEqual(whole)
  })

  it('do not go on with another model, SAE, hook point, reading, prompts, settings, device or version', async () => {
    const folder = await temporaryFolder()
    await compute(folder, 0, 1, 2)
    const refused = (change: Partial<Identity>, text = lines): Promise<string> =>
      failureOf(() => openJournal(folder, { index: 0, of: 1 }, { ...IDENTITY, ...change }, text))
    expect(await refused({ model: { name: 'n', hash: 'sha256:9' } })).toBe(
      `${shardFiles(folder, { index: 0, of: 1 }).manifest} was begun with something else: what differs is the model (m, n). ` +
        'Repeat the command as it was begun, or choose another folder for --out.'
    )
    expect(await refused({ sae: { ...IDENTITY.sae, hash: 'x' } })).toContain('the SAE (s, s)')
    expect(await refused({ sae: { ...IDENTITY.sae, hook: 'blocks.1.hook_mlp_out' } })).toContain("the hook point (the SAE's own, blocks.1")
    expect(await refused({ sae: { ...IDENTITY.sae, reading: { k: 5 } } })).toContain('how the SAE is read')
    expect(await refused({ prompts: { sha256: 'x', count: 60 } })).toContain('what differs is the prompts')
    expect(await refused({}, `${lines}\n`)).toContain('what differs is the prompts')
    expect(await refused({ settings: { ...IDENTITY.settings, steps: 8 } })).toContain('the setting "steps" (none, 8)')
    expect(await refused({ device: 'cpu' })).toContain('the device (auto, cpu)')
    expect(await refused({ versions: { onnxruntime: '2' } })).toContain('the versions')
  })

  it('are not merged when some are missing, unfinished, damaged or of something else', async () => {
    const [folder, other, empty] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()]
    await compute(folder, 0, 4)
    await compute(folder, 2, 4)
    await compute(folder, 1, 4, 1)
    expect(await failureOf(() => findShards([folder]))).toBe(
      `Missing or not finished in ${folder}: 1, 3, of 4 shards (counted from 0). ` +
        'Run attribute-set for them with the same options; what is done already is not repeated.'
    )
    expect(await failureOf(() => findShards([empty]))).toContain('all of them')
    await compute(other, 0, 2)
    const differ = await failureOf(() => findShards([folder, other]))
    expect(differ).toContain('do not belong together: what differs is the number of shards (4, 2). Merge the folders of one run alone.')
    await rm(other, { recursive: true })
    await cp(folder, other, { recursive: true })
    const { manifest } = shardFiles(other, { index: 0, of: 4 })
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, text.replace('"gradsae"', '"attribution"'))
    expect(await failureOf(() => findShards([folder, other]))).toContain('the setting "method" ("gradsae", "attribution")')
    await writeFile(manifest, text)
    await writeFile(manifest, '{"format": "gradsae-set-shard", "version": 1, "shard": {"index": 9, "of": 4}}')
    expect(await failureOf(() => findShards([other]))).toContain('is not the manifest of a shard: ')
    expect(await failureOf(() => findShards([join(empty, 'none')]))).toContain('does not exist')
  })

  it('are not merged when devices differ, and said to be of different machines', async () => {
    const folder = await temporaryFolder()
    await compute(folder, 0, 2)
    await compute(folder, 1, 2)
    const { manifest } = shardFiles(folder, { index: 1, of: 2 })
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, text.replace(/"machine": "[^"]*"/, '"machine": "abacus, 1 threads"'))
    expect((await findShards([folder])).notes[0]).toContain('abacus, 1 threads); numbers may differ in their last digits.')
    await writeFile(manifest, text.replace(/"used": "[^"]*"/, '"used": "cuda"'))
    expect(await failureOf(() => findShards([folder]))).toContain('the device that was used (')
  })
})
