/**
 * The results of one shard on disk while it is computed: a file for each batch, written beside and renamed into place, so that a process
 * that is killed at any moment leaves whole batches and nothing that looks like one. When all are there, they become one Parquet file.
 *
 *   {out}/prompts.jsonl                        the prompts as they were understood
 *   {out}/shard-00002-of-00007.json            manifest: what it is of, and whether it is finished
 *   {out}/shard-00002-of-00007.parts/          a Parquet file for each batch that is done
 *   {out}/shard-00002-of-00007.parquet         all of them, in the order of batches
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fail, WorkbenchError } from '../../../shared/errors'
import type { SetPrompt, SetResult } from '../../../shared/records/sets'
import { readTable, writeTable, writeTables, type Table } from '../../tables'
import { failToRead, failToWrite } from '../../tensors/files'
import { writeWhole } from '../../tensors/whole-file'
import { batchesOfShard } from '../plan'
import { batchTable, SHARD_COLUMNS } from './batch-table'
import {
  differenceOf,
  promptsFile,
  readManifest,
  shardFiles,
  writeManifest,
  type Finished,
  type Identity,
  type Manifest,
  type Shard
} from './manifest'

const PART = /^batch-(\d{7})\.parquet$/

/** A shard that is being computed. */
export interface Journal {
  /** Batches that are on the disk. */
  readonly done: readonly number[]
  /** The manifest of a shard that is finished already; then there is nothing to do. */
  readonly finished: Finished | null
  /** Answers when the batch is on the disk. @throws DISK_FULL, FILE_UNWRITABLE */
  append(batch: number, results: readonly SetResult[]): Promise<void>
  /** Makes the shard's table of its batches. @throws DISK_FULL, FILE_UNWRITABLE, TABLE_INVALID */
  finish(about: Pick<Finished, 'batches' | 'provenance'>): Promise<Finished>
}

/** The prompts as lines of JSON, and what identifies them. */
export function promptLines(prompts: readonly SetPrompt[]): { lines: string; sha256: string } {
  const lines = prompts.map((prompt) => `${JSON.stringify(prompt)}\n`).join('')
  return { lines, sha256: createHash('sha256').update(lines).digest('hex') }
}

/**
 * Opens the journal of a shard in `folder`, or goes on with the one that is there.
 * @throws SHARD_DIFFERS where that is of something else, SHARD_INVALID, DISK_FULL, FILE_UNWRITABLE
 */
export async function openJournal(folder: string, shard: Shard, identity: Identity, prompts: string): Promise<Journal> {
  const files = shardFiles(folder, shard)
  await mkdir(folder, { recursive: true }).catch((error: unknown) => failToWrite(folder, error))
  const begun = await readManifest(files.manifest)
  const difference = begun === null ? null : differenceOf(begun.identity, identity)
  if (difference !== null) fail('SHARD_DIFFERS', { path: files.manifest, what: difference })
  await keepPrompts(promptsFile(folder), prompts)
  const manifest: Manifest = begun ?? { format: 'gradsae-set-shard', version: 1, shard, identity, machine: machineName(), finished: null }
  if (manifest.finished !== null && (await digestOf(files.table)) === manifest.finished.sha256)
    return {
      done: [],
      finished: manifest.finished,
      append: () => Promise.resolve(),
      finish: () => Promise.reject(new Error('it is finished'))
    }
  if (begun?.finished !== null) await writeManifest(files.manifest, { ...manifest, finished: null })
  await mkdir(files.parts, { recursive: true }).catch((error: unknown) => failToWrite(files.parts, error))
  const done = await wholeParts(files.parts)
  return {
    done,
    finished: null,
    append: (batch, results) => writeTable(partPath(files.parts, batch), 'parquet', batchTable(batch, results)),
    async finish({ batches, provenance }) {
      const own = batchesOfShard(batches, shard)
      let rows = 0
      async function* pieces(): AsyncGenerator<Table> {
        for (const batch of own) {
          const piece = await readTable(partPath(files.parts, batch), 'parquet', SHARD_COLUMNS)
          rows += piece.rows
          yield piece
        }
      }
      await writeTables(files.table, 'parquet', SHARD_COLUMNS, pieces())
      const finished = { batches, rows, sha256: (await digestOf(files.table)) ?? '', provenance }
      await writeManifest(files.manifest, { ...manifest, finished })
      await rm(files.parts, { recursive: true, force: true }).catch(() => undefined)
      await sweep(files.table)
      return finished
    }
  }
}

function partPath(parts: string, batch: number): string {
  return join(parts, `batch-${String(batch).padStart(7, '0')}.parquet`)
}

/** Processor and number of its threads. */
function machineName(): string {
  const processors = cpus()
  return `${processors[0]?.model.trim() ?? process.arch}, ${processors.length} threads`
}

/** Every shard of a folder has the same prompts. */
async function keepPrompts(path: string, lines: string): Promise<void> {
  const there = await readFile(path, 'utf8').catch(() => null)
  if (there === lines) return
  if (there !== null) fail('SHARD_DIFFERS', { path, what: 'the prompts' })
  await writeWhole(path, [lines])
}

/** Batches whose files are whole. One that cannot be read, for whatever reason, is computed again. */
async function wholeParts(parts: string): Promise<number[]> {
  const names = await readdir(parts).catch((error: unknown) => failToRead(parts, error))
  const done: number[] = []
  for (const name of names.sort()) {
    const batch = PART.exec(name)?.[1]
    if (batch === undefined) continue
    try {
      await readTable(join(parts, name), 'parquet', SHARD_COLUMNS)
      done.push(Number(batch))
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
    }
  }
  return done
}

/** sha256 of a file's content; null where there is none. */
export async function digestOf(path: string): Promise<string | null> {
  if ((await stat(path).catch(() => null)) === null) return null
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash).catch((error: unknown) => failToRead(path, error))
  return hash.digest('hex')
}

/** Removes what killed writers of a finished file left beside it. */
async function sweep(path: string): Promise<void> {
  const left = (await readdir(dirname(path)).catch(() => [])).filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.tmp')
  )
  for (const name of left) await rm(join(dirname(path), name), { force: true }).catch(() => undefined)
}
