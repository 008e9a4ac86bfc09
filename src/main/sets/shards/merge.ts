/** Finished shards of one run as one table, or batch by batch. The outcome does not depend on how many there were, or in which folders. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../../../shared/errors'
import { SetPrompt, type SetResult } from '../../../shared/records/sets'
import { breathe, type Task } from '../../../shared/task'
import { readTables, writeTables, type TableFormatName } from '../../tables'
import { parseJsonl } from '../../tables/jsonl'
import { failToRead } from '../../tensors/files'
import { RESULT_COLUMNS, resultPieces } from '../results'
import { batchFrom, SHARD_COLUMNS } from './batch-table'
import { digestOf } from './journal'
import { differenceOf, MANIFEST_NAME, promptsFile, readManifest, shardFiles, type Finished, type Manifest } from './manifest'

interface Found {
  readonly folder: string
  readonly manifest: Manifest & { readonly finished: Finished }
}

/** Shards that belong together and are all there. */
export interface Merge {
  readonly first: Found
  readonly shards: readonly Found[]
  /** What should be said of them: machines or devices that differ. */
  readonly notes: readonly string[]
}

/**
 * Finds the shards of the folders and checks that they are of one run, whole, and complete.
 * @throws SHARDS_MISSING, SHARD_INVALID, SHARDS_DIFFER, SHARD_DAMAGED, FILE_MISSING, FILE_UNREADABLE
 */
export async function findShards(folders: readonly string[]): Promise<Merge> {
  const all: { folder: string; path: string; manifest: Manifest }[] = []
  for (const folder of folders) {
    const names = await readdir(folder).catch((error: unknown) => failToRead(folder, error))
    for (const name of names.filter((each) => MANIFEST_NAME.test(each)).sort()) {
      const manifest = await readManifest(join(folder, name))
      if (manifest !== null) all.push({ folder, path: join(folder, name), manifest })
    }
  }
  const [first] = all
  if (first === undefined) return fail('SHARDS_MISSING', { missing: 'all of them', of: 'unknown number of', folders: folders.join(', ') })
  const { of } = first.manifest.shard
  for (const { path, manifest } of all) {
    const what =
      manifest.shard.of !== of
        ? `the number of shards (${of}, ${manifest.shard.of})`
        : differenceOf(first.manifest.identity, manifest.identity)
    if (what !== null) fail('SHARDS_DIFFER', { a: first.path, b: path, what })
  }
  const shards = Array.from({ length: of }, (_, index): Found | null => finishedOf(all, index))
  const missing = shards.flatMap((found, index) => (found === null ? [index] : []))
  if (missing.length > 0) fail('SHARDS_MISSING', { missing: listed(missing), of, folders: folders.join(', ') })
  const whole = shards.flatMap((found) => (found === null ? [] : [found]))
  for (const found of whole) await checkTable(found, first.path, whole[0])
  return {
    first: whole[0] ?? fail('SHARDS_MISSING', { missing: 'all of them', of, folders: folders.join(', ') }),
    shards: whole,
    notes: notesOf(whole)
  }
}

/** A finished shard `index`; of several equal ones the first. */
function finishedOf(all: readonly { folder: string; path: string; manifest: Manifest }[], index: number): Found | null {
  const own = all.flatMap(({ folder, path, manifest }) =>
    manifest.shard.index === index && manifest.finished !== null
      ? [{ folder, path, manifest: { ...manifest, finished: manifest.finished } }]
      : []
  )
  const [first, ...others] = own
  const other = others.find(({ manifest }) => manifest.finished.sha256 !== first?.manifest.finished.sha256)
  if (first && other) fail('SHARDS_DIFFER', { a: first.path, b: other.path, what: 'their results' })
  return first ?? null
}

async function checkTable({ folder, manifest }: Found, firstPath: string, first: Found | undefined): Promise<void> {
  const { manifest: path, table } = shardFiles(folder, manifest.shard)
  const { sha256, batches, provenance } = manifest.finished
  const about = first?.manifest.finished
  if (about && about.batches !== batches)
    fail('SHARDS_DIFFER', { a: firstPath, b: path, what: `the number of batches (${about.batches}, ${batches})` })
  const [a, b] = [about?.provenance.device.used, provenance.device.used]
  if (a !== b) fail('SHARDS_DIFFER', { a: firstPath, b: path, what: `the device that was used (${a ?? ''}, ${b})` })
  if ((await digestOf(table)) !== sha256) fail('SHARD_DAMAGED', { path: table })
}

function notesOf(shards: readonly Found[]): string[] {
  const processors = new Set(shards.map(({ manifest }) => manifest.machine))
  return processors.size > 1
    ? [`The shards were computed on different machines (${[...processors].join('; ')}); numbers may differ in their last digits.`]
    : []
}

/** "2, 5" or, of many, "0, 1, 2 and 40 others". */
function listed(indices: readonly number[]): string {
  const shown = indices.slice(0, 20).join(', ')
  return indices.length <= 20 ? shown : `${shown} and ${indices.length - 20} others`
}

/** The prompts of the run. @throws SHARD_DAMAGED, FILE_MISSING, FILE_UNREADABLE */
export async function mergedPrompts({ first }: Merge): Promise<SetPrompt[]> {
  const path = promptsFile(first.folder)
  const bytes = await readFile(path).catch((error: unknown) => failToRead(path, error))
  const damaged = (): never => fail('SHARD_DAMAGED', { path })
  if (createHash('sha256').update(bytes).digest('hex') !== first.manifest.identity.prompts.sha256) damaged()
  return parseJsonl(bytes.toString('utf8'), damaged).map(({ value }) => {
    const parsed = SetPrompt.safeParse(value)
    return parsed.success ? parsed.data : damaged()
  })
}

/** Every batch, shard by shard. @throws TABLE_INVALID, FILE_UNREADABLE; rejects with Cancelled between batches */
export async function* mergedBatches({ shards }: Merge, task: Task): AsyncGenerator<{ batch: number; results: SetResult[] }> {
  for (const { folder, manifest } of shards) {
    const { table } = shardFiles(folder, manifest.shard)
    task.progress('Reading shards', manifest.shard.index, shards.length)
    for await (const piece of readTables(table, 'parquet', SHARD_COLUMNS)) {
      if (piece.rows === 0) continue
      yield batchFrom(table, piece)
      await breathe(task)
    }
  }
}

/**
 * Every result, in the order of prompts. @throws SHARD_DAMAGED where a prompt has none or several, what reading throws; rejects with
 * Cancelled
 */
export async function mergedResults(merge: Merge, task: Task): Promise<SetResult[]> {
  const { count } = merge.first.manifest.identity.prompts
  const results = new Map<number, SetResult>()
  for await (const { results: some } of mergedBatches(merge, task))
    for (const result of some) {
      if (results.has(result.index) || result.index < 0 || result.index >= count) fail('SHARD_DAMAGED', { path: `Prompt ${result.index}` })
      results.set(result.index, result)
    }
  return Array.from({ length: count }, (_, index) => results.get(index) ?? fail('SHARD_DAMAGED', { path: `Prompt ${index}` }))
}

/**
 * Writes one table of all results, by prompt and then rank; it is whole or not there.
 * @throws what `mergedResults` and writing throw; rejects with Cancelled
 */
export async function writeMerged(
  merge: Merge,
  path: string,
  format: TableFormatName,
  task: Task
): Promise<{ prompts: number; rows: number }> {
  const results = await mergedResults(merge, task)
  await writeTables(path, format, RESULT_COLUMNS, resultPieces(results))
  return { prompts: results.length, rows: results.reduce((sum, { latent }) => sum + Math.max(1, latent.length), 0) }
}
