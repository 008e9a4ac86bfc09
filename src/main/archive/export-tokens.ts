/** Comparisons as one table of every token's numbers, with a manifest that says what was run and where the numbers come from. */
import { stat } from 'node:fs/promises'
import { fail } from '../../shared/errors'
import type { SavedComparison } from '../../shared/records/project'
import { breathe, checkCancelled, type Task } from '../../shared/task'
import { tokenColumns, tokenPlaces, tokenRow, watchedIn, type TokenColumn } from '../reports/token-rows'
import { getComparison } from '../storage/comparisons'
import { writeFileAtomic } from '../storage/files'
import { identify, openProject, type Project } from '../storage/project'
import { projectState } from '../storage/state'
import { writeTables, type Table } from '../tables'
import { shownComparison, type Paths } from './paths'

export type TokenFormat = 'csv' | 'json' | 'parquet'

interface Asked {
  readonly path: string
  readonly format: TokenFormat
  readonly shown: Paths['shown']
}

/**
 * Writes every position of every column of the comparisons, in the order of `ids`. `json`: one file with `comparisons` (the manifest) and
 * `tokens`. `csv`, `parquet`: the table, and the manifest beside it as `{path}.manifest.json`. Answers with the bytes of all files.
 * @throws RECORD_MISSING, PROJECT_INVALID, DISK_FULL, FILE_UNWRITABLE; rejects with Cancelled, and then there is no file
 */
export async function exportTokens(
  project: Project,
  ids: readonly string[],
  { path, format, shown }: Asked,
  task: Task
): Promise<{ path: string; bytes: number; rows: number }> {
  const beside = `${path}.manifest.json`
  for (const file of format === 'json' ? [path] : [path, beside])
    if ((await identify(file)) === project.path) fail('FILE_UNWRITABLE', { path: file, reason: 'it is the project itself' })
  const get = async (id: string): Promise<SavedComparison> =>
    shownComparison(await getComparison(project, id), { shown, stored: (given) => given })
  const manifest: unknown[] = []
  let [watched, rows] = [0, 0]
  for (const id of ids) {
    checkCancelled(task)
    const saved = await get(id)
    manifest.push(manifestOf(saved))
    watched = Math.max(watched, watchedIn(saved.comparison))
    rows += saved.comparison.columns.reduce((sum, { tokens }) => sum + saved.comparison.promptTokens.length + tokens.length, 0)
  }
  const columns = tokenColumns(watched)
  const each = async function* (): AsyncGenerator<SavedComparison> {
    for (const [index, id] of ids.entries()) {
      await breathe(task)
      task.progress('Writing', index, ids.length)
      yield await get(id)
    }
  }
  if (format === 'json') {
    await writeFileAtomic(path, await jsonOf(manifest, each(), columns))
    return { path, bytes: (await stat(path)).size, rows }
  }
  await writeTables(path, format, columns, pieces(each(), columns))
  await writeFileAtomic(beside, `${JSON.stringify({ comparisons: manifest }, null, 2)}\n`)
  return { path, bytes: (await stat(path)).size + (await stat(beside)).size, rows }
}

/**
 * Comparisons of a project file, by their ids or names, all of them (oldest first) when none is named: what `npm run cli -- export-tokens`
 * does. @throws USAGE where there is none, or none of that name
 */
export async function exportProjectTokens(
  file: string,
  wanted: readonly string[],
  asked: Asked,
  task: Task
): Promise<{ path: string; bytes: number; rows: number; comparisons: number }> {
  const project = await openProject(file)
  try {
    const comparisons = [...(await projectState(project)).comparisons].reverse()
    if (comparisons.length === 0) fail('USAGE', { reason: `${file} holds no comparison: save one in Steer.` })
    const named = (given: string): string[] => {
      const found = comparisons.filter(({ id, name }) => id === given || name === given).map(({ id }) => id)
      const all = comparisons.map(({ name }) => `"${name}"`).join(', ')
      return found.length > 0 ? found : fail('USAGE', { reason: `${file} holds no comparison "${given}"; it holds ${all}.` })
    }
    const ids = wanted.length === 0 ? comparisons.map(({ id }) => id) : [...new Set(wanted.flatMap(named))]
    return { ...(await exportTokens(project, ids, asked, task)), comparisons: ids.length }
  } finally {
    project.close()
  }
}

async function* pieces(comparisons: AsyncIterable<SavedComparison>, columns: readonly TokenColumn[]): AsyncGenerator<Table> {
  for await (const saved of comparisons) {
    const places = tokenPlaces(saved)
    const filled = columns.map(({ name, type, nullable, of }) => ({ name, type, nullable, values: places.map(of) }))
    yield { columns: filled, rows: places.length }
  }
}

/** One token a line. */
async function jsonOf(
  manifest: readonly unknown[],
  comparisons: AsyncIterable<SavedComparison>,
  columns: readonly TokenColumn[]
): Promise<Buffer> {
  const parts: Buffer[] = [Buffer.from(`{\n"comparisons": ${JSON.stringify(manifest, null, 1)},\n"tokens": [`)]
  let begun = false
  for await (const saved of comparisons) {
    const lines = tokenPlaces(saved).map((place) => JSON.stringify(tokenRow(place, columns)))
    if (lines.length === 0) continue
    parts.push(Buffer.from(`${begun ? ',' : ''}\n${lines.join(',\n')}`))
    begun = true
  }
  return Buffer.concat([...parts, Buffer.from('\n]\n}\n')])
}

/** A comparison without what the table holds. */
function manifestOf({ id, name, notes, createdAt, comparison }: SavedComparison): unknown {
  const { promptTokens, columns, ...rest } = comparison
  return {
    id,
    name,
    notes,
    createdAt,
    ...rest,
    promptTokens: promptTokens.length,
    columns: columns.map(({ tokens, scores, promptEditSizes: _sizes, ...column }) => ({
      ...column,
      tokens: tokens.length,
      perplexity: scores?.perplexity ?? null
    }))
  }
}
