/** A run over a prompt set as one table, with a manifest beside it that says where its numbers come from. */
import { stat } from 'node:fs/promises'
import type { SetResult } from '../../shared/records/sets'
import { type formatOf, specsOf, writeTables, type Table } from '../tables'
import { resultsTable } from '../sets/results'
import { writeFileAtomic } from '../storage/files'
import { getSet } from '../storage/prompt-sets'
import type { Project } from '../storage/project'
import { getSetRun, storedResults } from '../storage/set-runs'

/**
 * Writes every stored result, in the order of the set, and `{path}.manifest.json` beside it. @throws RECORD_MISSING, DISK_FULL,
 * FILE_UNWRITABLE
 */
export async function exportSetRun(
  project: Project,
  id: string,
  path: string,
  format: ReturnType<typeof formatOf>
): Promise<{ path: string; bytes: number }> {
  const run = await getSetRun(project, id)
  const all: SetResult[] = []
  for await (const batch of storedResults(project, id)) all.push(...batch)
  all.sort((a, b) => a.index - b.index)
  await writeTables(path, format, specsOf(resultsTable([]).columns), pieces(all))
  const set = await getSet(project, run.setId).catch(() => null)
  const manifest = {
    run: {
      name: run.name,
      notes: run.notes,
      createdAt: run.createdAt,
      prompts: run.prompts,
      done: run.done,
      batches: run.batches,
      failed: run.failed
    },
    set: set && { name: set.name, source: set.source, prompts: set.all },
    settings: run.settings,
    bench: run.bench,
    provenance: run.provenance
  }
  await writeFileAtomic(`${path}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`)
  return { path, bytes: (await stat(path)).size }
}

/** Prompts of one row group of Parquet. */
const AT_ONCE = 256

function* pieces(results: readonly SetResult[]): Generator<Table> {
  for (let at = 0; at < Math.max(1, results.length); at += AT_ONCE) yield resultsTable(results.slice(at, at + AT_ONCE))
}
