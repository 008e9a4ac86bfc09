/** Calls for experiments kept in the project. */
import type { Handlers } from '../../shared/contract'
import type { experimentArchiveCalls } from '../../shared/contract/experiments'
import type { SavedExperiment } from '../../shared/records/experiment'
import * as experiments from '../storage/experiments'
import { projectChanges } from './changes'
import { exportExperiment } from './export-experiment'
import { mapBench, mapManifest, type Paths } from './paths'
import type { Session } from './session'

export function createExperimentHandlers(session: Session, paths: Paths): Handlers<typeof experimentArchiveCalls> {
  const { inTurn, project } = session
  const { state, changing, creating } = projectChanges(session, paths)
  async function saved(id: string): Promise<SavedExperiment> {
    const found = await experiments.getExperiment(project(), id)
    return { ...found, bench: mapBench(found.bench, paths.shown), manifest: found.manifest && mapManifest(found.manifest, paths.shown) }
  }
  return {
    'experiments.create': (given) =>
      creating((open) => experiments.createExperiment(open, { ...given, bench: mapBench(given.bench, paths.stored) })),
    'experiments.get': ({ id }) => inTurn(() => saved(id)),
    'experiments.append': ({ id, part, parts }) =>
      inTurn(async () => ({ done: await experiments.appendExperimentPart(project(), id, part, parts) })),
    'experiments.finish': ({ id, result, manifest }) =>
      inTurn(async () => {
        const reproduction = await experiments.finishExperiment(project(), id, { result, manifest: mapManifest(manifest, paths.stored) })
        return { state: await state(), reproduction }
      }),
    'experiments.update': ({ id, ...given }) => changing((open) => experiments.updateExperiment(open, id, given)),
    'experiments.delete': ({ id }) => changing((open) => experiments.deleteExperiment(open, id)),
    'experiments.export': ({ id, path, format }) => inTurn(async () => exportExperiment(await saved(id), path, format))
  }
}
