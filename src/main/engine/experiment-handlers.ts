/** The calls about experiments. */
import type { EngineCalls, Handlers } from '../../shared/contract'
import { defaultPrompts } from '../experiments/default-prompts'
import { EXPERIMENTS } from '../experiments'
import { runExperiment } from '../experiments/run'
import type { Places } from '../experiments/types'
import { listDevices } from '../runtime'
import type { BenchNames, Opened } from './opened'

type ExperimentCalls = 'experiments.list' | 'experiments.defaultPrompts' | 'experiments.run'

/** Handlers over the opened models; `bundledModels` is the folder of those that ship with the app. */
export function createExperimentHandlers(opened: Opened, bundledModels: string): Pick<Handlers<EngineCalls>, ExperimentCalls> {
  return {
    'experiments.list': () => ({ experiments: EXPERIMENTS.map(({ info }) => info) }),
    'experiments.defaultPrompts': ({ experiment }) => defaultPrompts(bundledModels, experiment),
    'experiments.run': ({ experiment, settings, prompts, done, ...names }, task) =>
      opened.bench(names, async (bench) => {
        const run = { experiment, settings, prompts, done, reading: names.reading ?? {} }
        const places = await placesOf(opened, names, bench.encoder.device.used)
        return runExperiment(bench, places, run, task, (part) => task.emit(part))
      })
  }
}

/** The other devices that work here, and the same bench on them. */
async function placesOf(opened: Opened, names: BenchNames, own: string): Promise<Places> {
  const devices = (await listDevices()).flatMap(({ device, available }) =>
    available && device !== 'auto' && device !== own ? [device] : []
  )
  return { otherDevices: devices, onDevice: (device, work) => opened.bench({ ...names, device }, work) }
}
