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
  type Shard,
  type ShardFiles
} from './manifest'

const PART = /^batch-(\d{7})\.parquet$/

/** A shard that is being computed. */
export interface Journal {
  /** Batches that are on the disk. */
  readonly done: readonly number[]
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
 * Opens the journal of a shard in `folder`, or goes on with the one that is there; or says that there is nothing to do.
 * @throws SHARD_DIFFERS where that is of something else, SHARD_INVALID, DISK_FULL, FILE_UNWRITABLE
 */
export async function openJournal(
  folder: string,
  shard: Shard,
  identity: Identity,
  prompts: string
): Promise<{ readonly finished: Finished } | { readonly journal: Journal }> {
  const files = shardFiles(folder, shard)
  await mkdir(folder, { recursive: true }).catch((error: unknown) => failToWrite(folder, error))
  const begun = await readManifest(files.manifest)
  const difference = begun === null ? null : differenceOf(begun.identity, identity)
  if (difference !== null) fail('SHARD_DIFFERS', { path: files.manifest, what: difference })
  await keepPrompts(promptsFile(folder), prompts)
  const finished = begun?.finished ?? null
  if (finished !== null && (await digestOf(files.table)) === finished.sha256) {
    await tidy(files)
    return { finished }
  }
  const manifest: Manifest = {
    format: 'gradsae-set-shard',
    version: 1,
    shard,
    identity,
    machine: begun?.machine ?? machineName(),
    finished: null
  }
  // Where the table is damaged, it is computed again.
  if (begun === null || finished !== null) await writeManifest(files.manifest, manifest)
  await mkdir(files.parts, { recursive: true }).catch((error: unknown) => failToWrite(files.parts, error))
  return { journal: journalOf(files, manifest, await wholeParts(files.parts)) }
}

function journalOf(files: ShardFiles, manifest: Manifest, done: readonly number[]): Journal {
  return {
    done,
    append: (batch, results) => writeTable(partPath(files.parts, batch), 'parquet', batchTable(batch, results)),
    async finish({ batches, provenance }) {
      let rows = 0
      async function* pieces(): AsyncGenerator<Table> {
        for (const batch of batchesOfShard(batches, manifest.shard)) {
          const piece = await readTable(partPath(files.parts, batch), 'parquet', SHARD_COLUMNS)
          rows += piece.rows
          yield piece
        }
      }
      await writeTables(files.table, 'parquet', SHARD_COLUMNS, pieces())
      const finished = { batches, rows, sha256: (await digestOf(files.table)) ?? '', provenance }
      await writeManifest(files.manifest, { ...manifest, finished })
      await tidy(files)
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

/** Removes what a finished shard needs no more, and what killed writers of it left behind. What cannot be removed stays. */
async function tidy({ manifest, table, parts }: ShardFiles): Promise<void> {
  await rm(parts, { recursive: true, force: true }).catch(() => undefined)
  const own = [`${basename(manifest)}.`, `${basename(table)}.`]
  const names = await readdir(dirname(table)).catch(() => [])
  for (const name of names.filter((each) => each.endsWith('.tmp') && own.some((start) => each.startsWith(start))))
    await rm(join(dirname(table), name), { force: true }).catch(() => undefined)
}
