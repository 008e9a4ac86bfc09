/** The calls about labels of latents. */
import { assert } from '../../shared/errors'
import type { EngineCalls, Handlers } from '../../shared/contract'
import { computeLabels, discardUnfinished, listUnfinished } from '../labelling'
import { importLabels, removeSource, storeFolder } from '../saes'
import type { Opened } from './opened'

type LabelCalls = 'labels.sources' | 'labels.import' | 'labels.remove' | 'labels.compute' | 'labels.search'

/** Handlers over the label store `root`; without one, asking for something to be written there is a fault of the caller. */
export function createLabelHandlers(opened: Opened, root: string | null, saveEvery?: number): Pick<Handlers<EngineCalls>, LabelCalls> {
  const store = (): string => {
    assert(root !== null, 'the engine was given a folder for labels')
    return root
  }
  return {
    'labels.sources': ({ sae }) =>
      opened.labels(sae, undefined, async ({ sources }, described) => ({
        sources: [...sources],
        unfinished: root === null ? [] : await listUnfinished(root, described)
      })),
    'labels.import': ({ sae, path, confirm, take }, task) =>
      opened.sae(sae, undefined, (described) => importLabels({ root: store(), sae: described, path, confirm, take }, task)),
    'labels.remove': ({ sae, id }) =>
      opened.sae(sae, undefined, async (described) => ({
        removed: (await removeSource(storeFolder(store(), described), id)) || (await discardUnfinished(store(), described, id))
      })),
    'labels.compute': ({ path, options, ...names }, task) =>
      opened.bench(names, (bench) =>
        computeLabels(
          {
            bench,
            root: store(),
            path,
            options,
            given: { model: names.model, sae: names.sae, reading: names.reading },
            ...(saveEvery === undefined ? {} : { saveEvery }),
            lens: (work) => opened.lens(names.model, names.device, work)
          },
          task
        )
      ),
    'labels.search': ({ sae, query, limit }) => opened.labels(sae, undefined, (labels) => ({ found: labels.search(query, limit) }))
  }
}
