/** Calls for prompt sets and runs over them. */
import type { setArchiveCalls } from '../../shared/contract/sets'
import type { Handlers } from '../../shared/contract'
import type { SetResult } from '../../shared/records/sets'
import { checkCancelled } from '../../shared/task'
import { lookIntoPrompts, readPrompts } from '../sets/read'
import { aggregateOf } from '../statistics/aggregate'
import { createSet, createSetFromGroups, deleteSet, getSet, updateSet } from '../storage/prompt-sets'
import {
  appendSetResults,
  createSetRun,
  deleteSetRun,
  finishSetRun,
  getSetRun,
  promptsOfRun,
  promptsWithLatent,
  storedResults,
  updateSetRun
} from '../storage/set-runs'
import { projectChanges } from './changes'
import { exportSetRun } from './export-set-run'
import { mapBench, mapProvenance, type Paths } from './paths'
import type { Session } from './session'

export function createSetHandlers(session: Session, paths: Paths): Handlers<typeof setArchiveCalls> {
  const { inTurn, project } = session
  const { changing, creating } = projectChanges(session, paths)
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
    // Not in turn: batches go on being stored while a large run is counted.
    'setRuns.aggregate': async ({ id, ...options }, task) => {
      const open = project()
      return aggregateOf(storedResults(open, id), await promptsOfRun(open, id), options, async () => {
        await new Promise<void>((resolve) => setImmediate(resolve))
        checkCancelled(task)
      })
    },
    'setRuns.prompts': async ({ id, top }) => {
      const results: SetResult[] = []
      for await (const batch of storedResults(project(), id)) results.push(...batch.map((result) => bestOf(result, top)))
      return { results: results.sort((a, b) => a.index - b.index) }
    },
    'setRuns.latent': (asked) => inTurn(() => promptsWithLatent(project(), asked)),
    'setRuns.export': ({ id, path, format }) => exportSetRun(project(), id, path, format)
  }
}

const bestOf = (result: SetResult, top: number): SetResult => ({
  ...result,
  latent: result.latent.slice(0, top),
  score: result.score.slice(0, top),
  maxActivation: result.maxActivation.slice(0, top),
  meanActivation: result.meanActivation.slice(0, top)
})
