/**
 * The preflight of a pair of model and SAE, before it is used: shapes, fit, cross-entropy, decoder norms, slopes; and where the fit is
 * bad or the format leaves a question open, the search for the reading that repairs or settles it.
 */
import type { Preflight, PreflightTrial } from '../../shared/records/preflight'
import { breathe, type Task } from '../../shared/task'
import { hookValues, openBench, type Bench, type HookValues } from '../attribution'
import { widthOf } from '../models'
import { createEncoder, decoderNorms, type ActiveLatents, type Encoder } from '../saes'
import { complete } from './complete'
import { crossEntropies } from './entropy'
import { fitOfWindows } from './fit'
import { createReader } from './reader'
import { GOOD_FVU, search } from './search'
import { gradientCheck } from './slopes'
import type { PreflightParts } from './types'
import { checksOf, normsOf, verdictOf } from './verdict'
import { windowsOf } from './windows'

/** Positions of the excerpt on which slopes are checked: each costs two runs of the rest of the model. */
const EXCERPT = 48
/** Another reading is suggested when it leaves less than this share of the unexplained variance. */
const WORTH = 0.7
/** Causes that are looked at even when the fit is good, unless the SAE has more numbers than this. */
const CHEAP = ['hook point', 'centring', 'decoder bias', 'scale', 'BOS']
const LARGE = 2 ** 27
/** Multiplications that looking at the hook points of every block may take, when the fit is bad and when it is good: minutes, seconds. */
const AFFORDABLE = { bad: 2e12, good: 1e11 }

/**
 * @throws SAE_MODEL_MISMATCH, HOOK_UNKNOWN, PREFLIGHT_TEXT_SHORT, NUMBERS_NOT_FINITE, and what loading may throw; rejects with Cancelled
 */
export async function runPreflight(parts: PreflightParts, task: Task): Promise<Preflight> {
  const started = performance.now()
  const { openSession, sessions, versions } = parts
  task.progress('Loading', 0, 1)
  const { sae, reading, chosen } = await complete(parts, task)
  const encoder = await createEncoder(openSession, sae, sessions.requested)
  // A reading that names the hook point has given it to the SAE.
  const bench = openBench({ openSession, sessions, encoder, hook: reading.hook === undefined ? parts.hook : null, versions })
  try {
    const looked = await look(parts, bench, task)
    const here: PreflightTrial = { words: chosen?.words ?? 'As it is read now', reading, fvu: looked.fvu, l0: looked.l0 }
    const found = await searchFrom(parts, bench, here, task)
    // What had to be filled in is handed over as a reading, too: nothing runs without it. It is no fault of the pair.
    const better = found?.suggestion ?? null
    const suggestion = better ?? (chosen === null ? null : here)
    const norms = normsOf(await decoderNorms(sae))
    const shapes = `${sae.d_in} numbers at ${bench.reads}${bench.reads === bench.hook ? '' : `, ${sae.d_out} at ${bench.hook}`}; ${sae.d_sae} latents.`
    const checks = checksOf({ shapes, ...looked, d_in: sae.d_in, nominalL0: sae.nominalL0, decoderNorms: norms })
    const { model } = sessions
    const names = { sae: sae.name, model: model.name, hook: bench.hook }
    return {
      model: { name: model.name, hash: model.hash },
      sae: { name: sae.name, hash: sae.hash },
      reads: bench.reads,
      hook: bench.hook,
      reading: parts.reading,
      ...verdictOf(checks, names, better, found !== null),
      checks,
      fvu: looked.fvu,
      l0: looked.l0,
      nominalL0: sae.nominalL0,
      crossEntropy: looked.crossEntropy,
      decoderNorms: norms,
      gradient: looked.gradient,
      tried: [here, ...(found?.tried ?? [])],
      suggestion,
      positions: looked.positions,
      textSource: parts.textSource,
      notes: [...sae.notes],
      device: {
        requested: sessions.requested,
        used: [...new Set([sessions.device()?.used ?? sessions.requested, encoder.device.used])].join(' + ')
      },
      versions: { ...versions },
      createdAt: new Date().toISOString(),
      milliseconds: performance.now() - started
    }
  } finally {
    await bench.release()
    await encoder.release()
  }
}

interface Looked {
  readonly fvu: number
  readonly l0: number
  readonly positions: number
  readonly crossEntropy: Preflight['crossEntropy']
  readonly gradient: Preflight['gradient']
}

async function look({ text }: PreflightParts, bench: Bench, task: Task): Promise<Looked> {
  const { model } = bench.sessions
  const { sae } = bench.encoder
  const windows = windowsOf(model, text, sae.prependBos)
  const states: (HookValues & { ids: number[] })[] = []
  for (const [index, ids] of windows.entries()) {
    await breathe(task)
    task.progress('Reading the sample text', index, windows.length)
    states.push({ ids, ...(await hookValues(bench, ids)) })
  }
  await breathe(task)
  task.progress('Encoding', 0, 1)
  const reconstructions: Float32Array[] = []
  const fit = await fitOfWindows(bench.encoder, states, ({ reconstruction }) => reconstructions.push(reconstruction))
  task.progress('Measuring what the reconstruction costs', 0, 1)
  const reconstructed = states.map((state, window) => ({ ...state, reconstruction: reconstructions[window] ?? state.value }))
  const crossEntropy = await crossEntropies(bench, reconstructed, sae.d_out, task)
  await breathe(task)
  task.progress('Checking slopes', 0, 1)
  const [first] = states
  const excerpt = first ? excerptOf(bench, first) : null
  const active = excerpt && (await bench.encoder.encode(excerpt.input, excerpt.ids.length, excerpt.value))
  const gradient = excerpt && active && hasActive(active) ? await gradientCheck(bench, excerpt, active) : { latents: [], worst: 0 }
  return { ...fit, crossEntropy, gradient }
}

/** The beginning of a window. What a causal model holds there does not depend on what follows. */
function excerptOf(
  { sessions, hook }: Bench,
  { ids, value, beside, input }: HookValues & { ids: number[] }
): HookValues & { ids: number[] } {
  const count = Math.min(EXCERPT, ids.length)
  const { config } = sessions.model
  return {
    ids: ids.slice(0, count),
    value: value.slice(0, count * widthOf(config, hook)),
    beside: beside?.slice(0, count * config.d_model) ?? null,
    input: input.slice(0, (input.length / ids.length) * count)
  }
}

/** Whether a latent is active after the first position, where slopes are checked. */
function hasActive({ Z, latents }: ActiveLatents): boolean {
  return Z.subarray(latents.length).some((z) => z > 0)
}

/**
 * With a bad fit every cause is tried. With a good one the cheap causes are all the same, because an SAE of a neighbouring hook point
 * describes a residual stream passably, and what the format leaves open. Null when there was nothing to search for.
 */
async function searchFrom(
  parts: PreflightParts,
  bench: Bench & { readonly encoder: Encoder },
  here: PreflightTrial,
  task: Task
): Promise<{ tried: PreflightTrial[]; suggestion: PreflightTrial | null } | null> {
  const { sae } = bench.encoder
  const only = here.fvu < GOOD_FVU ? [...sae.openQuestions, ...(sae.d_sae * sae.d_in < LARGE ? CHEAP : [])] : null
  if (only?.length === 0) return null
  const reader = createReader(parts, bench, only === null ? AFFORDABLE.bad : AFFORDABLE.good)
  try {
    const { tried, best } = await search({ ...here, words: '' }, reader.measure, reader.circumstances, task, only)
    // What the mean would describe as well is no repair.
    const worth = best.words !== '' && best.fvu < Math.min(1, WORTH * here.fvu)
    return { tried, suggestion: worth ? best : null }
  } finally {
    await reader.release()
  }
}
