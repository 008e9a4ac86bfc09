/** Runs a set batch by batch. Between batches it can be cancelled; batches that are done already are left out. */
import { assert, WorkbenchError } from '../../shared/errors'
import type { Provenance } from '../../shared/records/ranking'
import type { SetResult } from '../../shared/records/sets'
import { breathe, type Task } from '../../shared/task'
import { attributeBatch, checkPreflight, provenanceOf, targetRecord, type Attributed, type Bench, type Checked } from '../attribution'
import type { Model } from '../models/types'
import { fitOf } from '../saes'
import { batchesOfShard, planBatches } from './plan'
import { checkAll, faultOf, planItems, type Item, type SetRequest } from './requests'

/** What one prompt of a batch may cause and the others are not to suffer for. */
const FAULTS_OF_PROMPTS: readonly string[] = ['SAE_TOO_WIDE', 'NUMBERS_NOT_FINITE']

export interface SetRun extends SetRequest {
  readonly done: readonly number[]
  readonly shard: { readonly index: number; readonly of: number }
}

/** Every result of one batch, in the order of the plan. */
export interface SetBatch {
  readonly batch: number
  readonly batches: number
  readonly results: SetResult[]
}

/** Which prompts belong together, and what can be run of them. Rejects with Cancelled. */
export async function planSet(bench: Bench, set: SetRequest, task: Task): Promise<{ items: Item[]; batches: number[][] }> {
  const { model } = bench.sessions
  const items = await checkAll(model, set, task)
  const { d_sae } = bench.encoder.sae
  return { items, batches: planBatches(planItems(items), { d_vocab: model.config.d_vocab, d_sae, alone: set.settings.method === 'exact' }) }
}

/**
 * Attributes every prompt and hands out batches as they are computed; a prompt that cannot be run has a result that says why.
 * Rejects with Cancelled between batches. @throws PREFLIGHT_STALE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function runSet(
  bench: Bench,
  set: SetRun,
  task: Task,
  onBatch: (batch: SetBatch) => void
): Promise<{ batches: number; provenance: Provenance }> {
  const started = performance.now()
  const preflight = checkPreflight(set.preflight, bench.sessions.model, bench.encoder.sae)
  const { items, batches } = await planSet(bench, set, task)
  const done = new Set(set.done)
  const own = batchesOfShard(batches.length, set.shard).filter((batch) => !done.has(batch))
  const total = own.reduce((sum, batch) => sum + (batches[batch]?.length ?? 0), 0)
  const used = new Map([[bench.encoder.device.used, bench.encoder.device]])
  let finished = 0
  for (const batch of own) {
    task.progress('Attributing prompts', finished, total)
    await breathe(task)
    const places = batches[batch] ?? []
    const { results, devices } = await runBatch(bench, set, items, places, task)
    for (const device of devices) used.set(device.used, device)
    onBatch({ batch, batches: batches.length, results })
    finished += places.length
  }
  task.progress('Attributing prompts', finished, total)
  const provenance = { ...provenanceOf(bench, [...used.values()], set.reading ?? {}), preflight, milliseconds: performance.now() - started }
  return { batches: batches.length, provenance }
}

interface BatchRun {
  readonly results: SetResult[]
  readonly devices: Attributed['devices']
}

/** The results of the prompts at `places`, in that order. */
export async function runBatch(
  bench: Bench,
  { prompts }: Pick<SetRequest, 'prompts'>,
  items: readonly Item[],
  places: readonly number[],
  task: Task
): Promise<BatchRun> {
  const runnable = places.flatMap((place) => {
    const item = items[place]
    return item && 'checked' in item ? [{ place, checked: item.checked }] : []
  })
  // What a batch is doing would only flicker over how far the set is.
  const quiet = { signal: task.signal, progress: () => undefined }
  const requests = runnable.map(({ checked }) => checked)
  const outcomes = await attribute(bench, requests, quiet)
  const found = new Map(runnable.map(({ place }, at) => [place, outcomes[at]]))
  const results = places.map((place) => {
    const [prompt, item] = [prompts[place], items[place]]
    assert(prompt && item, 'the plan is of these prompts')
    const outcome = 'error' in item ? item : found.get(place)
    assert(outcome, 'every prompt that was run has an outcome')
    const common = { index: place, id: prompt.id, tokens: 'checked' in item ? item.checked.plan.ids.length : 0 }
    return 'error' in outcome ? { ...common, ...NOTHING, error: outcome.error } : { ...common, ...foundOf(bench.sessions.model, outcome) }
  })
  return { results, devices: outcomes.flatMap((outcome) => ('devices' in outcome ? outcome.devices : [])) }
}

type Outcome = Attributed | { readonly error: NonNullable<SetResult['error']> }

/** All at once; where one of them spoils that, each alone, which comes to the same whenever it is done. */
async function attribute(bench: Bench, requests: readonly Checked[], task: Task): Promise<Outcome[]> {
  try {
    return requests.length === 0 ? [] : await attributeBatch(bench, requests, task)
  } catch (thrown) {
    if (!(thrown instanceof WorkbenchError) || !FAULTS_OF_PROMPTS.includes(thrown.code)) throw thrown
    if (requests.length === 1) return [{ error: faultOf(thrown) }]
    const outcomes: Outcome[] = []
    for (const request of requests) outcomes.push(...(await attribute(bench, [request], task)))
    return outcomes
  }
}

type Numbers = Omit<SetResult, 'index' | 'id' | 'tokens'>

function foundOf(model: Model, found: Attributed): Numbers {
  const { id, text, hex, special, value, probability } = targetRecord(model, found)
  const column = (pick: (latent: (typeof found.latents)[number]) => number): Float32Array<ArrayBuffer> =>
    Float32Array.from(found.latents, pick)
  return {
    target: { id, text, ...(hex === undefined ? {} : { hex }), special },
    value,
    probability,
    fvu: fitOf(found.prepared.active).total,
    latent: Int32Array.from(found.latents, ({ latent }) => latent),
    score: column(({ score }) => score),
    maxActivation: column(({ maxActivation }) => maxActivation),
    meanActivation: column(({ meanActivation }) => meanActivation),
    error: null
  }
}

const NOTHING: Omit<Numbers, 'error'> = {
  target: null,
  value: 0,
  probability: 0,
  fvu: 0,
  latent: new Int32Array(0),
  score: new Float32Array(0),
  maxActivation: new Float32Array(0),
  meanActivation: new Float32Array(0)
}
