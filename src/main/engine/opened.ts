/** The models and SAEs that are open, kept between calls. Keys carry the files' stamps, so changed files are opened anew. */
import { resolveBundled } from '../../shared/bundled'
import type { Device, SaeReading } from '../../shared/records/model'
import type { LayersInput } from '../../shared/contract/engine'
import { createLayersSession, openBench, orderLayers, type Bench, type LayersBench, type LayersSession } from '../attribution'
import { createModelSessions, layersMemory, modelMemory, openModel, plainMemory, type ModelSessions } from '../models'
import type { Model } from '../models/types'
import { devicesToTry, openSession } from '../runtime'
import { machineMemory, type MachineMemory, type MemoryPart } from '../runtime/machine'
import { createEncoder, createLens, openLabels, openSae, saeMemory, storeFolder, type Encoder, type Labels, type Lens } from '../saes'
import type { Sae } from '../saes/types'
import { createCache } from './cache'
import { checkFits } from './memory'
import { folderStamp } from './stamp'

/** How many unused ones stay open: running sessions hold a model's weights in memory, descriptions cost little. */
const LIMITS = { models: 16, saes: 64, sessions: 1, encoders: 4, benches: 2, layers: 1, lenses: 2, labels: 8 }

export interface BenchNames {
  readonly model: string
  readonly sae: string
  readonly hook: string | null
  readonly reading?: SaeReading | undefined
  readonly device: Device
}

export type LayersNames = Pick<LayersInput, 'model' | 'saes' | 'device'>

/** Each function runs `work` with an opened thing, which stays open at least until `work` is done. */
export interface Opened {
  model<R>(path: string, work: (model: Model) => Promise<R> | R): Promise<R>
  sessions<R>(path: string, device: Device, work: (sessions: ModelSessions) => Promise<R> | R): Promise<R>
  sae<R>(path: string, reading: SaeReading | undefined, work: (sae: Sae) => Promise<R> | R): Promise<R>
  bench<R>(names: BenchNames, work: (bench: Bench) => Promise<R> | R): Promise<R>
  /** SAEs at several hook points of one model; the backward pass and the encoders are opened when `work` asks for them. */
  layers<R>(names: LayersNames, work: (bench: LayersBench) => Promise<R> | R): Promise<R>
  labels<R>(path: string, reading: SaeReading | undefined, work: (labels: Labels, sae: Sae) => Promise<R> | R): Promise<R>
  lens<R>(path: string, device: Device, work: (lens: Lens) => Promise<R> | R): Promise<R>
  /** Where the model's sessions were last cut, so that a plain run can use the same ones; null when there is none. */
  lastCut(sessions: ModelSessions): { readonly hook: string; readonly reads: string } | null
}

export function createOpened(
  bundledModels: string,
  versions: Readonly<Record<string, string>>,
  labelStore: string | null,
  machine: () => MachineMemory = machineMemory
): Opened {
  const keep = (): Promise<void> => Promise.resolve()
  const models = createCache<Model>(LIMITS.models, keep)
  const saes = createCache<Sae>(LIMITS.saes, keep)
  const labels = createCache<Labels>(LIMITS.labels, keep)
  const sessions = createCache<ModelSessions>(LIMITS.sessions, (opened) => opened.release())
  const encoders = createCache<Encoder>(LIMITS.encoders, (opened) => opened.release())
  const benches = createCache<Bench>(LIMITS.benches, (opened) => opened.release())
  const layerSessions = createCache<LayersSession>(LIMITS.layers, (opened) => opened.release())
  const lenses = createCache<Lens>(LIMITS.lenses, (opened) => opened.release())
  const cuts = new WeakMap<ModelSessions, { hook: string; reads: string }>()
  const ids = new WeakMap<object, number>()
  let count = 0

  /** A number for an opened thing: a bench belongs to these very sessions, not to others of the same files. */
  const idOf = (thing: object): number => {
    const known = ids.get(thing) ?? ++count
    ids.set(thing, known)
    return known
  }
  const stamped = async (given: string): Promise<{ path: string; key: string }> => {
    const path = resolveBundled(given, bundledModels)
    return { path, key: `${path}\n${await folderStamp(path)}` }
  }

  /** Refuses what cannot fit before anything is loaded; other devices have memory of their own. */
  const fits = async (device: Device, what: string, parts: () => MemoryPart[]): Promise<void> => {
    if ((await devicesToTry(device)).devices[0] === 'cpu') checkFits(what, parts(), machine())
  }
  const fit = ({ model, requested }: ModelSessions, sae: Sae, hook: string | null): Promise<void> =>
    fits(requested, `The model ${model.name} with the SAE ${sae.name}`, () => [
      ...modelMemory(model, hook ?? sae.hookOut ?? sae.hook),
      ...saeMemory(sae)
    ])

  /** An encoder of `sae`; `check` looks whether it fits before it is loaded. */
  const encoder = <R>(sae: Sae, device: Device, check: () => Promise<void>, work: (encoder: Encoder) => Promise<R> | R): Promise<R> => {
    const open = async (): Promise<Encoder> => {
      await check()
      return createEncoder(openSession, sae, device)
    }
    return encoders.use(`${idOf(sae)} ${device}`, open, work)
  }

  /** What is loaded at the same time: the model with its backward pass, and the SAE that is encoded with beside those that are kept. */
  const layersFit = (model: Model, layers: LayersBench['layers'], device: Device): Promise<void> =>
    fits(device, `The model ${model.name} with ${layers.length} SAEs`, () => {
      const saeParts = [...new Set(layers.map(({ sae }) => sae))].map((sae) => saeMemory(sae))
      const bytes = (parts: readonly MemoryPart[]): number => parts.reduce((sum, part) => sum + part.bytes, 0)
      const largest = saeParts.sort((a, b) => bytes(b) - bytes(a)).slice(0, LIMITS.encoders + 1)
      return [
        ...layersMemory(
          model,
          layers.map(({ hook }) => hook)
        ),
        ...largest.flat()
      ]
    })

  const opened: Opened = {
    async model(given, work) {
      const { path, key } = await stamped(given)
      return models.use(key, () => openModel(path), work)
    },
    async sae(given, reading = {}, work) {
      const { path, key } = await stamped(given)
      return saes.use(`${key}\n${JSON.stringify(reading)}`, () => openSae(path, reading), work)
    },
    sessions: (path, device, work) =>
      opened.model(path, (model) =>
        sessions.use(
          `${idOf(model)} ${device}`,
          async () => {
            await fits(device, `The model ${model.name}`, () => plainMemory(model))
            return createModelSessions(openSession, model, device)
          },
          work
        )
      ),
    bench: ({ model, sae: saePath, hook, reading, device }, work) =>
      opened.sessions(model, device, (running) =>
        opened.sae(saePath, reading, (sae) =>
          encoder(
            sae,
            device,
            () => fit(running, sae, hook),
            (encoder) => {
              const key = `${idOf(running)} ${idOf(encoder)} ${hook ?? ''}`
              const open = async (): Promise<Bench> => {
                await fit(running, sae, hook)
                return openBench({ openSession, sessions: running, encoder, hook, versions })
              }
              return benches.use(key, open, (bench) => {
                cuts.set(running, { hook: bench.hook, reads: bench.reads })
                return work(bench)
              })
            }
          )
        )
      ),
    layers: ({ model: path, saes: asked, device }, work) =>
      opened.model(path, async (model) => {
        const found = []
        for (const { sae, hook, reading = {} } of asked) found.push({ sae: await opened.sae(sae, reading, (same) => same), hook, reading })
        const layers = orderLayers(model, found)
        const check = (): Promise<void> => layersFit(model, layers, device)
        return work({
          model,
          requested: device,
          layers,
          versions,
          session: (places, kind, use) => {
            const open = async (): Promise<LayersSession> => {
              await check()
              return createLayersSession(openSession, model, places, kind, device)
            }
            return layerSessions.use(`${idOf(model)} ${device} ${JSON.stringify([places, kind])}`, open, use)
          },
          encoder: ({ sae }, use) => encoder(sae, device, check, use)
        })
      }),
    labels: (path, reading, work) =>
      opened.sae(path, reading, async (sae) =>
        labels.use(
          `${idOf(sae)}\n${labelStore === null ? '' : await folderStamp(storeFolder(labelStore, sae))}`,
          () => openLabels(sae, labelStore),
          (found) => work(found, sae)
        )
      ),
    lens: (path, device, work) =>
      opened.model(path, (model) => lenses.use(`${idOf(model)} ${device}`, () => createLens(openSession, model, device), work)),
    lastCut: (running) => cuts.get(running) ?? null
  }
  return opened
}
