/** Every call of the engine process: opens what the call names and hands it to the room that does the work. */
import { totalmem } from 'node:os'
import { resolveBundled } from '../../shared/bundled'
import { assert } from '../../shared/errors'
import type { EngineCalls, Handlers } from '../../shared/contract'
import type { SaeReading } from '../../shared/records/model'
import {
  METHODS,
  TARGETS,
  estimateCheck,
  hookValues,
  promptActivations,
  rankLatents,
  rankLayers,
  suffixLogits,
  verifyLatents
} from '../attribution'
import { chatIds, modelInfo, nextLogits, nextTokens, promptIds, topTokens, type ModelSessions } from '../models'
import type { Model } from '../models/types'
import { runPreflight, SAMPLE_TEXT } from '../preflight'
import { listDevices, openSession, runtimeVersion } from '../runtime'
import type { MachineMemory } from '../runtime/machine'
import { latentDetail, openSae, saeInfo } from '../saes'
import type { Sae } from '../saes/types'
import { compareRuns } from '../steering/compare'
import { measureUnits } from '../steering/measures/units'
import { inspectFolders } from './library'
import { createExperimentHandlers } from './experiment-handlers'
import { createLabelHandlers } from './label-handlers'
import { createOpened, type Opened } from './opened'
import { createSetHandlers } from './set-handlers'
import { withSteering } from './steering-bench'
import { shortStamp } from './stamp'
import { createVectorHandlers } from './vector-handlers'
import { searchVocabulary } from './vocabulary'

export interface EngineOptions {
  /** Folder of the models that ship with the app; `bundled:` paths lie below it. */
  readonly bundledModels: string
  /** Folder for labels that are imported or computed; null keeps to those beside the weights. */
  readonly labels: string | null
  /** Milliseconds between two savings of labels that are being computed; as labelling has it when left out. */
  readonly labelSaveMilliseconds?: number
  /** Version of the workbench, for provenance. */
  readonly version: string
  /** What memory there is; as the system says when left out. */
  readonly machine?: () => MachineMemory
}

export type EngineHandlers = Handlers<EngineCalls>

/** The engine: handlers for every call. Models and SAEs stay open between calls. */
export function createEngineHandlers({ bundledModels, labels, labelSaveMilliseconds, version, machine }: EngineOptions): EngineHandlers {
  const versions = { workbench: version, onnxruntime: runtimeVersion(), node: process.versions.node }
  const opened = createOpened(bundledModels, versions, labels, machine)
  return {
    'engine.info': async () => ({
      pid: process.pid,
      versions,
      devices: await listDevices(),
      memory: { residentBytes: process.memoryUsage.rss(), totalBytes: totalmem() }
    }),
    'engine.memory': () => ({ residentBytes: process.memoryUsage.rss() }),
    'library.inspect': ({ paths }, task) =>
      inspectFolders(
        paths.map((path) => resolveBundled(path, bundledModels)),
        task
      ),
    'library.stamps': async ({ paths }) => ({
      stamps: await Promise.all(paths.map((path) => shortStamp(resolveBundled(path, bundledModels))))
    }),
    'model.open': ({ model }) => opened.model(model, modelInfo),
    'sae.open': ({ sae, reading }) => opened.sae(sae, reading, saeInfo),
    ...tokenHandlers(opened),
    'model.next': ({ model, prompt, top, device }) =>
      opened.sessions(model, device, async (sessions) => {
        const ids = promptIds(sessions.model, prompt)
        const best = topTokens(await logitsAfter(sessions, ids, opened.lastCut(sessions)), top)
        return { tokens: shown(sessions.model, ids), top: nextTokens(sessions.model, best), device: deviceOf(sessions) }
      }),
    'preflight.run': ({ model, sae, hook, reading = {}, device, text }, task) =>
      opened.sessions(model, device, (sessions) => {
        const path = resolveBundled(sae, bundledModels)
        const [sample, textSource] = text === null ? [SAMPLE_TEXT, 'the sample text'] : [text, 'the given text']
        const open = (own: SaeReading): Promise<Sae> => openSae(path, own)
        return runPreflight({ openSession, sessions, openSae: open, reading, hook, text: sample, textSource, versions }, task)
      }),
    'sae.activations': (input) => opened.bench(input, (bench) => promptActivations(bench, input.prompt)),
    'attribution.methods': () => ({
      methods: METHODS.map(({ contribution: _contribution, ...info }) => info),
      targets: TARGETS.map(({ kind, title, line, unit }) => ({ kind, title, line, unit }))
    }),
    'attribution.estimate': (input) => opened.bench(input, (bench) => estimateCheck(bench, input, input.count)),
    'attribution.rank': (input, task) => opened.bench(input, (bench) => rankLatents(bench, input, task)),
    'attribution.layers': (input, task) => opened.layers(input, (bench) => rankLayers(bench, input, task)),
    'attribution.verify': (input, task) =>
      opened.bench(input, (bench) => verifyLatents(bench, input, input.latents, task, (effects) => task.emit({ effects }))),
    'steering.compare': (input, task) => {
      const onToken: Parameters<typeof compareRuns>[3] = (column, index, token) => task.emit({ column, index, token })
      return withSteering(opened, input, input.recipes, versions, (bench) => compareRuns(bench, input, task, onToken))
    },
    'steering.units': (input) =>
      opened.labels(input.sae, input.reading, (own) => opened.bench(input, (bench) => measureUnits(bench, own, input))),
    ...createVectorHandlers(opened, version),
    ...createLabelHandlers(opened, labels, labelSaveMilliseconds),
    ...createSetHandlers(opened),
    ...createExperimentHandlers(opened, bundledModels),
    'latents.labels': ({ sae }) => opened.labels(sae, undefined, ({ all }) => ({ labels: [...all] })),
    'latents.detail': ({ model, sae, reading, latent, device }) =>
      opened.labels(sae, reading, (labels, described) =>
        opened.lens(model, device, (lens) => latentDetail(lens, described, labels, latent))
      )
  }
}

/** Logits after a prompt. A model that is cut already runs in its pieces, so that it is not loaded a second time as a whole. */
async function logitsAfter(
  sessions: ModelSessions,
  ids: readonly number[],
  last: { readonly hook: string; readonly reads: string } | null
): Promise<Float32Array> {
  if (last === null) return nextLogits(sessions, ids)
  const cut = { sessions, ...last }
  const { value, beside } = await hookValues(cut, ids)
  const [logits] = await suffixLogits(cut, 1, value, beside)
  assert(logits, 'one row of hook values yields one row of logits')
  return logits
}

function tokenHandlers(opened: Opened): Pick<EngineHandlers, 'tokens.encode' | 'tokens.target' | 'tokens.search'> {
  return {
    'tokens.encode': ({ model, prompt }) =>
      opened.model(model, (found) => ({
        tokens: shown(
          found,
          'text' in prompt ? found.tokenizer.encode(prompt.text) : 'chat' in prompt ? chatIds(found, prompt) : promptIds(found, prompt)
        )
      })),
    'tokens.target': ({ model, text }) => opened.model(model, (found) => ({ tokens: shown(found, found.tokenizer.encodeRaw(text)) })),
    'tokens.search': ({ model, query, limit }) => opened.model(model, (found) => ({ tokens: searchVocabulary(found, query, limit) }))
  }
}

function shown(model: Model, ids: readonly number[]): ReturnType<Model['tokenizer']['token']>[] {
  return ids.map((id) => model.tokenizer.token(id))
}

function deviceOf(sessions: ModelSessions): { requested: string; used: string } {
  return { requested: sessions.requested, used: sessions.device()?.used ?? sessions.requested }
}
