/** Reading what runs have stored, batch by batch, so that large runs need little memory and other calls are heard in between. */
import { fail } from '../../shared/errors'
import type { SetResult } from '../../shared/records/sets'
import { failDatabase } from './failures'
import type { Project } from './project'
import { failRecord } from './rankings'
import { batchResults, type LatentsRow, promptsOfBatch } from './set-batches'

/** Latents of a run that are in memory at once when it is read in the order of its set: 16 bytes each. */
const AT_ONCE = 4_000_000

/** Numbers of the batches that are stored, ascending. */
export async function storedBatches(project: Project, id: string): Promise<number[]> {
  const rows = await project.db.selectFrom('set_batches').select('batch').where('run_id', '=', id).orderBy('batch').execute()
  return rows.map(({ batch }) => batch)
}

/**
 * The results of `batches` (all that are stored, when left out), one batch in memory at a time; prompts within a batch as they were run.
 * The event loop turns before each batch. @throws PROJECT_INVALID, PROJECT_NOT_OPEN where the project is closed meanwhile
 */
export async function* storedResults(project: Project, id: string, batches?: readonly number[]): AsyncGenerator<SetResult[]> {
  for (const batch of batches ?? (await storedBatches(project, id))) {
    const query = project.db.selectFrom('set_batches').selectAll().where('run_id', '=', id).where('batch', '=', batch)
    const row = await whileOpen(project, () => query.executeTakeFirst())
    if (row !== undefined) yield asStored(project, id, batch, () => batchResults(row))
  }
}

/**
 * Every stored result in the order of the set, whatever order batches have. Reads a large run several times, a stretch of the set each
 * time. @throws as `storedResults`
 */
export async function* resultsInOrder(project: Project, id: string): AsyncGenerator<SetResult> {
  const batches = await storedBatches(project, id)
  const places: { index: number; batch: number; latents: number }[] = []
  for (const batch of batches) {
    const row = await latentsOfBatch(project, id, batch)
    if (row === undefined) continue
    const prompts = asStored(project, id, batch, () => promptsOfBatch(row))
    for (const { index, start, end } of prompts) places.push({ index, batch, latents: end - start })
  }
  places.sort((a, b) => a.index - b.index)
  for (let at = 0; at < places.length;) {
    const first = at
    let latents = 0
    do latents += places[at++]?.latents ?? 0
    while (at < places.length && latents < AT_ONCE)
    const stretch = places.slice(first, at)
    const [from, to] = [stretch[0]?.index ?? 0, stretch[stretch.length - 1]?.index ?? -1]
    const own = [...new Set(stretch.map(({ batch }) => batch))].sort((a, b) => a - b)
    const results: SetResult[] = []
    for await (const some of storedResults(project, id, own)) results.push(...some.filter(({ index }) => index >= from && index <= to))
    yield* results.sort((a, b) => a.index - b.index)
  }
}

/** Which latents are active in which prompts of a batch; undefined where it is not there. @throws PROJECT_NOT_OPEN */
export function latentsOfBatch(project: Project, id: string, batch: number): Promise<LatentsRow | undefined> {
  const query = project.db.selectFrom('set_batches').select(['prompt', 'latents', 'latent'])
  return whileOpen(project, () => query.where('run_id', '=', id).where('batch', '=', batch).executeTakeFirst())
}

/** Lets others be heard, then reads. A project that is closed meanwhile is no fault of the file. @throws PROJECT_NOT_OPEN */
async function whileOpen<T>(project: Project, read: () => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => setImmediate(resolve))
  if (!project.isOpen()) fail('PROJECT_NOT_OPEN')
  try {
    return await read()
  } catch (thrown) {
    return project.isOpen() ? failDatabase(project.path, thrown) : fail('PROJECT_NOT_OPEN', {}, thrown)
  }
}

/** What `read` makes of a stored batch. @throws PROJECT_INVALID where it is damaged */
export function asStored<T>(project: Project, id: string, batch: number, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    return failRecord(project.path, `batch ${batch} of run ${id}`, thrown)
  }
}
