/**
 * Labels for an SAE that has none, from the user's own text: how often each latent fires, where it fires most, and which tokens it
 * promotes. The text goes through the model up to where the SAE reads, window by window, and through the SAE's encoder; only sums and the
 * strongest contexts are kept. The state is saved every so often, under a name made of everything the result depends on, so that the same
 * request goes on where an earlier one was cancelled or killed, and comes to the same labels bit for bit.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fail } from '../../shared/errors'
import type { ComputedLabels, ComputeOptions, UnfinishedLabels } from '../../shared/records/latent'
import type { SaeReading } from '../../shared/records/model'
import { breathe, type Task } from '../../shared/task'
import { hookValues, type Bench } from '../attribution'
import { storeFolder, type Lens } from '../saes'
import { describeSource } from '../saes/labels/open'
import { adoptSource, findSource, type SourceInfo } from '../saes/labels/store'
import type { Sae } from '../saes/types'
import { failToWrite } from '../tensors/files'
import { hashFiles } from '../tensors/hash'
import { checkpointPath, discardUnfinished, namesPath, readCheckpoint, saveCheckpoint } from './checkpoint'
import { writeNames } from './names'
import { addWindow, createTally, type Tally } from './tally'
import { readWindows, type Windows } from './text'

/**
 * Positions at the beginning of each window that are not counted: BOS, and without one the first token. Their norms dwarf those of the
 * others in most models, and the latents that fire there say nothing of the token.
 */
const SKIPPED = 1

/** How much work a killed process may lose. */
const SAVE_MILLISECONDS = 20_000

export interface ComputeRequest {
  readonly bench: Bench
  /** The label store. */
  readonly root: string
  /** The text. */
  readonly path: string
  readonly options: ComputeOptions
  /** As the caller named them, so that an unfinished computation can be asked for again. */
  readonly given: { readonly model: string; readonly sae: string; readonly reading?: SaeReading | undefined }
  /** Runs `work` with the logit lens of the model. */
  lens<R>(work: (lens: Lens) => Promise<R>): Promise<R>
  /** Milliseconds between two savings of the state. */
  readonly saveEvery?: number
}

/** Computations under way in this process, by id and store. */
const running = new Set<string>()

/**
 * Reads the text, names the latents and keeps the result as a source of labels. Asked for again, it returns what is there. Rejects with
 * Cancelled; what was read until then is kept.
 * @throws FILE_MISSING, FILE_UNREADABLE, TEXT_UNUSABLE, LABELS_BUSY, SAE_TOO_WIDE, NUMBERS_NOT_FINITE, DISK_FULL, FILE_UNWRITABLE
 */
export async function computeLabels(request: ComputeRequest, task: Task): Promise<ComputedLabels> {
  const { bench, root, path } = request
  const { sae } = bench.encoder
  const id = await computationId(request)
  const key = join(storeFolder(root, sae), id)
  if (running.has(key)) fail('LABELS_BUSY', { sae: sae.name, path })
  running.add(key)
  try {
    return await compute(request, id, task)
  } finally {
    running.delete(key)
  }
}

async function compute(request: ComputeRequest, id: string, task: Task): Promise<ComputedLabels> {
  const { bench, root, path, options } = request
  const { sae } = bench.encoder
  const { model } = bench.sessions
  const size = Math.min(options.window, model.config.n_ctx)
  const windows = await readWindows({ path, model, prependBos: sae.prependBos, size, tokens: options.tokens }, task)
  const source = `Computed from ${basename(path)}, ${windows.tokens.toLocaleString('en-US')} tokens`
  const folder = storeFolder(root, sae)
  const finished = await findSource(folder, id)
  if (finished !== null) return outcome(finished, windows, windows.count, [])

  const { tally, resumed } = await readText(request, id, windows, task)
  const names = namesPath(root, sae, id)
  await request.lens((lens) => writeNames({ path: names, sae, model, lens, tally, source }, task))
  const fired = tally.fires.reduce((count, fires) => count + (fires > 0 ? 1 : 0), 0)
  const data = await adopt(folder, names, id)
  const info = await adoptSource(folder, data, {
    id,
    format: 'computed',
    name: source,
    from: path,
    added: new Date().toISOString(),
    binding: 'computed',
    folded: false,
    explanations: fired,
    latents: fired,
    statistics: sae.d_sae,
    outside: 0
  })
  await discardUnfinished(root, sae, id)
  const notes = tally.contexts < options.contexts ? [`${tally.contexts} contexts of each latent fit in memory.`] : []
  return outcome(info, windows, resumed, notes)
}

/** Everything the labels depend on but the machine, as a name. */
async function computationId({ bench, path, options }: ComputeRequest): Promise<string> {
  const { sessions, encoder, hook, reads } = bench
  const text = await hashFiles([path])
  const about = {
    version: 1,
    model: sessions.model.hash,
    sae: encoder.sae.hash,
    reading: readingOf(encoder.sae),
    hook,
    reads,
    text,
    options
  }
  return `computed-${createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 16)}`
}

/** How an SAE is read: what its hash, which is of its files, does not say. */
function readingOf({
  gate,
  norm,
  inScale,
  outScale,
  centred,
  prependBos,
  inBias,
  encoderByLatent,
  decoderByOutput,
  skipByInput
}: Sae): object {
  return { gate, norm, inScale, outScale, centred, prependBos, inBias, encoderByLatent, decoderByOutput, skipByInput }
}

async function readText(request: ComputeRequest, id: string, windows: Windows, task: Task): Promise<{ tally: Tally; resumed: number }> {
  const { bench, root, options, saveEvery = SAVE_MILLISECONDS } = request
  const { sae } = bench.encoder
  const path = checkpointPath(root, sae, id)
  const machine = machineOf(bench)
  const saved = await readCheckpoint(path)
  const usable = saved !== null && saved.machine === machine && saved.tally.fires.length === sae.d_sae ? saved : null
  // Names that were written for another tally are not this one's.
  if (usable === null) await rm(namesPath(root, sae, id), { force: true })
  const tally = usable?.tally ?? createTally(sae.d_sae, options.contexts)
  const resumed = usable?.about.done ?? 0
  let savedAt = Date.now()
  let done = resumed
  const save = async (): Promise<void> => {
    await saveCheckpoint(path, { about: aboutOf(request, id, done, windows.count), machine, tally })
    savedAt = Date.now()
  }
  try {
    for (; done < windows.count; done++) {
      await breathe(task)
      task.progress('Reading the text', done, windows.count)
      const ids = windows.ids(done)
      const { input, value } = await hookValues(bench, ids)
      addWindow(tally, ids, await bench.encoder.encode(input, ids.length, value), SKIPPED)
      if (done + 1 < windows.count && Date.now() - savedAt >= saveEvery) {
        done += 1
        await save()
        done -= 1
      }
    }
  } finally {
    if (done > resumed) await save()
  }
  return { tally, resumed }
}

/** What the numbers of one run share: the device, and the versions of what computes. */
function machineOf({ encoder, versions }: Bench): string {
  return JSON.stringify({ device: encoder.device.used, onnxruntime: versions.onnxruntime ?? '' })
}

function aboutOf({ given, bench, path, options }: ComputeRequest, id: string, done: number, total: number): UnfinishedLabels {
  return { id, path, ...given, hook: bench.hook, options, done, total, savedAt: new Date().toISOString() }
}

/** Moves the finished file of names into the store. */
async function adopt(folder: string, names: string, id: string): Promise<string> {
  const data = `${id}.${randomUUID().slice(0, 8)}.jsonl`
  try {
    await mkdir(folder, { recursive: true })
    await rename(names, join(folder, data))
  } catch (error) {
    failToWrite(join(folder, data), error)
  }
  return data
}

function outcome(info: SourceInfo, windows: Windows, resumed: number, notes: readonly string[]): ComputedLabels {
  const truncated = windows.truncated ? [`Only the first ${windows.tokens.toLocaleString('en-US')} tokens of the text were read.`] : []
  return {
    source: describeSource({ info }, null),
    tokens: windows.tokens,
    windows: windows.count,
    resumed,
    fired: info.latents,
    notes: [...truncated, ...notes]
  }
}
