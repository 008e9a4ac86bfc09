/** Where a latent mattered: found by looking through the latents of every batch, which is quicker than keeping an index of them. */
import type { Selectable } from 'kysely'
import { promptText } from '../../shared/prompt-text'
import type { LatentPrompt, SetResult } from '../../shared/records/sets'
import { failDatabase } from './failures'
import type { Project } from './project'
import { somePrompts } from './prompt-sets'
import type { Schema } from './schema'
import { int32, promptsOfBatch } from './set-batches'
import { asStored, latentsOfBatch, storedBatches, storedResults } from './set-results'

interface Hit {
  readonly run: Run
  readonly batch: number
  /** Place of the prompt in the set. */
  readonly index: number
  /** From 1. */
  readonly rank: number
}

type Run = Pick<Selectable<Schema['set_runs']>, 'id' | 'name' | 'set_id'> & { readonly setName: string }

/**
 * Prompts of the project's runs of the SAE with `saeHash` in which `latent` is active, best rank first, then runs newest first; the first
 * `limit` of `total`. `pause` is awaited between batches; what it throws ends the work. @throws PROJECT_INVALID, PROJECT_NOT_OPEN
 */
export async function promptsWithLatent(
  project: Project,
  { saeHash, latent, limit }: { saeHash: string; latent: number; limit: number },
  pause: () => Promise<void>
): Promise<{ prompts: LatentPrompt[]; total: number }> {
  const hits: Hit[] = []
  for (const run of await runsOf(project, saeHash)) {
    const own: Hit[] = []
    for (const batch of await storedBatches(project, run.id)) {
      await pause()
      const row = await latentsOfBatch(project, run.id, batch)
      if (row !== undefined) own.push(...asStored(project, run.id, batch, () => hitsIn(row, latent)).map((hit) => ({ ...hit, run, batch })))
    }
    hits.push(...own.sort((a, b) => a.index - b.index))
  }
  // sorting is stable: hits of one rank stay as runs and prompts come
  hits.sort((a, b) => a.rank - b.rank)
  return { prompts: await described(project, hits.slice(0, limit), pause), total: hits.length }
}

async function runsOf(project: Project, saeHash: string): Promise<Run[]> {
  try {
    return await project.db
      .selectFrom('set_runs as r')
      .innerJoin('prompt_sets as s', 's.id', 'r.set_id')
      .select(['r.id', 'r.name', 'r.set_id', 's.name as setName'])
      .where('r.sae_hash', '=', saeHash)
      .orderBy('r.created_at', 'desc')
      .orderBy('r.id')
      .execute()
  } catch (thrown) {
    failDatabase(project.path, thrown)
  }
}

/** A latent is at most once among those of a prompt. */
function hitsIn(row: Parameters<typeof promptsOfBatch>[0], latent: number): { index: number; rank: number }[] {
  const column = int32(row.latent)
  const prompts = promptsOfBatch(row)
  const hits: { index: number; rank: number }[] = []
  let at = 0
  for (let place = column.indexOf(latent); place >= 0; place = column.indexOf(latent, place + 1)) {
    while ((prompts[at]?.end ?? Infinity) <= place) at++
    const { index, start } = prompts[at] ?? { index: -1, start: 0 }
    hits.push({ index, rank: place - start + 1 })
  }
  return hits
}

/** Hits with what was found there, in their order. Every batch is read once. */
async function described(project: Project, hits: readonly Hit[], pause: () => Promise<void>): Promise<LatentPrompt[]> {
  const found = new Map<Hit, LatentPrompt>()
  for (const [setId, ofSet] of grouped(hits, ({ run }) => run.set_id)) {
    const prompts = await somePrompts(project.db, setId, [...new Set(ofSet.map(({ index }) => index))])
    for (const ofBatch of grouped(ofSet, ({ run, batch }) => `${run.id} ${batch}`).values()) {
      await pause()
      const [first] = ofBatch
      if (!first) continue
      const results = new Map((await resultsOf(project, first)).map((result) => [result.index, result]))
      for (const hit of ofBatch) {
        const [result, asked] = [results.get(hit.index), prompts.get(hit.index)]
        if (!result) continue
        const text = asked === undefined ? '' : promptText(asked.prompt)
        const { run, rank } = hit
        const numbers = { rank, score: result.score[rank - 1] ?? 0, maxActivation: result.maxActivation[rank - 1] ?? 0 }
        const names = { runId: run.id, runName: run.name, setName: run.setName, promptId: result.id, promptText: text }
        found.set(hit, { ...names, ...numbers, targetText: result.target?.hex ?? result.target?.text ?? '' })
      }
    }
  }
  return hits.flatMap((hit) => found.get(hit) ?? [])
}

async function resultsOf(project: Project, { run, batch }: Hit): Promise<SetResult[]> {
  const found: SetResult[] = []
  for await (const results of storedResults(project, run.id, [batch])) found.push(...results)
  return found
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return groups
}
