/** Calls for prompt sets and runs over them. */
import type { setArchiveCalls } from '../../shared/contract/sets'
import type { Handlers } from '../../shared/contract'
import type { SetResult } from '../../shared/records/sets'
import { breathe, checkCancelled } from '../../shared/task'
import { lookIntoPrompts, readPrompts } from '../sets/read'
import { aggregateOf } from '../statistics/aggregate'
import { promptsWithLatent } from '../storage/latent-prompts'
import type { Project } from '../storage/project'
import { createSet, createSetFromGroups, deleteSet, getSet, updateSet } from '../storage/prompt-sets'
import { storedBatches, storedResults } from '../storage/set-results'
import { appendSetResults, createSetRun, deleteSetRun, finishSetRun, getSetRun, promptsOfRun, updateSetRun } from '../storage/set-runs'
import { projectChanges } from './changes'
import { exportSetRun } from './export-set-run'
import { mapBench, mapProvenance, type Paths } from './paths'
import type { Session } from './session'

export function createSetHandlers(session: Session, paths: Paths): Handlers<typeof setArchiveCalls> {
  const { inTurn, project } = session
  const { changing, creating } = projectChanges(session, paths)
  const opened = (): Promise<Project> => inTurn(() => Promise.resolve(project()))
  return {
    'sets.read': ({ path }) => lookIntoPrompts(path),
    'sets.import': ({ path, name, columns }) =>
      creating(async (open) => createSet(open, { name, source: path, prompts: await readPrompts(path, columns) })),
    'sets.fromGroups': (given) => creating((open) => createSetFromGroups(open, given)),
    'sets.get': ({ id }) => inTurn(() => getSet(project(), id)),
    'sets.update': ({ id, ...given }) => changing((open) => updateSet(open, id, given)),
    'sets.delete': ({ id }) => changing((open) => deleteSet(open, id)),

    'setRuns.create': (given) => creating((open) => createSetRun(open, { ...given, bench: mapBench(given.bench, paths.stored) })),
    'setRuns.get': ({ id }) =>
      inTurn(async () => {
        const run = await getSetRun(project(), id)
        return { ...run, bench: mapBench(run.bench, paths.shown), provenance: run.provenance && mapProvenance(run.provenance, paths.shown) }
      }),
    'setRuns.append': ({ id, ...batch }) => inTurn(async () => ({ done: await appendSetResults(project(), id, batch) })),
    'setRuns.finish': ({ id, provenance }) => changing((open) => finishSetRun(open, id, mapProvenance(provenance, paths.stored))),
    'setRuns.update': ({ id, ...given }) => changing((open) => updateSetRun(open, id, given)),
    'setRuns.delete': ({ id }) => changing((open) => deleteSetRun(open, id)),
    // Only begun in turn, as all that reads many batches: meanwhile other batches go on being stored.
    'setRuns.aggregate': async ({ id, ...options }, task) => {
      const open = await opened()
      const prompts = await promptsOfRun(open, id)
      const batches = await storedBatches(open, id)
      return aggregateOf(
        () => storedResults(open, id, batches),
        prompts,
        options,
        () => breathe(task)
      )
    },
    'setRuns.prompts': async ({ id, top }, task) => {
      const results: SetResult[] = []
      for await (const batch of storedResults(await opened(), id)) {
        checkCancelled(task)
        results.push(...batch.map((result) => bestOf(result, top)))
      }
      return { results: results.sort((a, b) => a.index - b.index) }
    },
    'setRuns.latent': async (asked, task) => promptsWithLatent(await opened(), asked, () => breathe(task)),
    'setRuns.export': async ({ id, path, format }, task) => exportSetRun(await opened(), id, { path, format, shown: paths.shown }, task)
  }
}

const bestOf = (result: SetResult, top: number): SetResult => ({
  ...result,
  latent: result.latent.slice(0, top),
  score: result.score.slice(0, top),
  maxActivation: result.maxActivation.slice(0, top),
  meanActivation: result.meanActivation.slice(0, top)
})
