/** The calls about experiments. */
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { resolveBundled } from '../../shared/bundled'
import type { EngineCalls, Handlers } from '../../shared/contract'
import { WorkbenchError } from '../../shared/errors'
import type { Bench } from '../attribution'
import { EXPERIMENTS } from '../experiments'
import { defaultPrompts } from '../experiments/default-prompts'
import { runExperiment } from '../experiments/run'
import type { OtherSae, Places } from '../experiments/types'
import { listDevices } from '../runtime'
import type { BenchNames, Opened } from './opened'
import { withSteering } from './steering-bench'

type ExperimentCalls = 'experiments.list' | 'experiments.defaultPrompts' | 'experiments.run'

/** More SAEs beside one another would make comparing layers take longer than anything else. */
const MAX_LAYERS = 8

/** Handlers over the opened models; `bundledModels` is the folder of those that ship with the app. */
export function createExperimentHandlers(opened: Opened, bundledModels: string): Pick<Handlers<EngineCalls>, ExperimentCalls> {
  return {
    'experiments.list': () => ({ experiments: EXPERIMENTS.map(({ info }) => info) }),
    'experiments.defaultPrompts': ({ experiment }) => defaultPrompts(bundledModels, experiment),
    'experiments.run': ({ experiment, settings, prompts, done, ...names }, task) =>
      opened.bench(names, async (bench) => {
        const run = { experiment, settings, prompts, done, reading: names.reading ?? {} }
        const places = await placesOf(opened, names, bench, resolveBundled(names.sae, bundledModels))
        return runExperiment(bench, places, run, task, (part) => task.emit(part))
      })
  }
}

/** The other devices that work here and the SAEs beside this one, with the same model. */
async function placesOf(opened: Opened, names: BenchNames, bench: Bench, sae: string): Promise<Places> {
  const own = bench.encoder.device.used
  const devices = (await listDevices()).flatMap(({ device, available }) =>
    available && device !== 'auto' && device !== own ? [device] : []
  )
  let others: Promise<OtherSae[]> | undefined
  return {
    otherDevices: devices,
    onDevice: (device, work) => opened.bench({ ...names, device }, work),
    otherSaes: () => (others ??= saesBeside(opened, names, bench, sae)),
    withSaes: (recipes, work) => withSteering(opened, names, recipes, bench.versions, work)
  }
}

/** The first SAE of each other hook point among the folders beside `sae` that fits the model. */
async function saesBeside(opened: Opened, names: BenchNames, { hook: own }: Bench, sae: string): Promise<OtherSae[]> {
  const entries = await readdir(dirname(sae), { withFileTypes: true }).catch(() => [])
  const found = new Map<string, OtherSae>()
  for (const name of entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()) {
    if (found.size === MAX_LAYERS) break
    const beside: BenchNames = { model: names.model, sae: join(dirname(sae), name), hook: null, device: names.device }
    const hook = await opened.bench(beside, (bench) => bench.hook).catch(noneOf)
    if (hook === null || hook === own || found.has(hook)) continue
    found.set(hook, { name: hook, use: (work) => opened.bench(beside, work) })
  }
  return [...found.values()]
}

/** A folder that holds no SAE for this model is not one to compare with. */
function noneOf(thrown: unknown): null {
  if (thrown instanceof WorkbenchError) return null
  throw thrown
}
