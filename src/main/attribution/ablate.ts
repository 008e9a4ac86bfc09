/**
 * Exact effects: each latent is really zeroed (or given the counterfactual's activations) at every counted position, under the method's own
 * substitution, and the rest of the model is run again. effect = target before - target after, so it has the sign of the score it checks.
 */
import { breathe, type Task } from '../../shared/task'
import { topTokens } from '../models'
import type { ModelConfig } from '../models/types'
import { indexOfLatent } from '../saes'
import { suffixLogitsAt, type Bench } from './bench'
import { continuedLogits, suffixCache, type SuffixCache } from './continued'
import type { Prepared } from './prepare'
import { valueOf } from './value'

/** Memory one batch of ablations may take inside the runtime. */
const BATCH_BYTES = 256 * 2 ** 20
/** Positions of one batch together: more are no quicker on a processor, and cancel is heard between batches only. */
const BATCH_POSITIONS = 1024

/** The target with nothing ablated. */
export interface Before {
  readonly ids: readonly number[]
  readonly value: number
}

/** A latent and what the target loses without it. */
export interface Effect {
  readonly latent: number
  readonly effect: number
}

/** The target at given hook values, [positions, d_out]; a token left open is the greedy one there. @throws NUMBERS_NOT_FINITE */
export async function targetAt(bench: Bench, prepared: Prepared, values: Float32Array): Promise<Before> {
  const [row = []] = await termLogits(bench, prepared, 1, values)
  const ids = prepared.plan.terms.map(({ id }, term) => id ?? topTokens(row[term] ?? new Float32Array(), 1)[0]?.id ?? 0)
  return { ids, value: valueOf(prepared.target.reading, prepared.plan.terms, row, ids) }
}

/** Logits at each term's place for each row of hook values: [rows][terms] of [d_vocab]. */
async function termLogits(bench: Bench, prepared: Prepared, rows: number, values: Float32Array): Promise<Float32Array[][]> {
  const { plan, own } = prepared
  return byTerm(bench, prepared, rows, await suffixLogitsAt(bench, rows, values, own.beside, placesOf(plan)))
}

/** The positions whose logits the terms read, each once. */
function placesOf({ terms }: Prepared['plan']): number[] {
  return [...new Set(terms.map(({ position }) => position))]
}

/** Logits [rows, places, d_vocab] as each term reads them. */
function byTerm(bench: Bench, { plan }: Prepared, rows: number, logits: Float32Array): Float32Array[][] {
  const { d_vocab } = bench.sessions.model.config
  const places = placesOf(plan)
  return Array.from({ length: rows }, (_, row) =>
    plan.terms.map(({ position }) => {
      const at = row * places.length + places.indexOf(position)
      return logits.subarray(at * d_vocab, (at + 1) * d_vocab)
    })
  )
}

/**
 * Ablates `latents` one by one, in batches; `onEffects` hears of each batch, in the order of `planAblations`. Effects come back in the
 * order of `latents`. Cancel takes effect between batches (rejects with Cancelled). @throws NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function effectsOf(
  bench: Bench,
  prepared: Prepared,
  before: Before,
  latents: readonly number[],
  task: Task,
  onEffects: (effects: readonly Effect[]) => void = () => undefined
): Promise<Effect[]> {
  const batches = planAblations(bench.sessions.model.config, prepared, latents)
  const cache = await suffixCache(bench, prepared.substituted, prepared.own.beside)
  const effects = new Map<number, Effect>()
  for (const batch of batches) {
    await breathe(task)
    const rows = await ablatedLogits(bench, prepared, cache, batch)
    const found = batch.latents.map((latent, row) => {
      // Nothing was changed for a latent that is not active: what remains would be the rounding of another batch size.
      if (indexOfLatent(prepared.active, latent) < 0) return { latent, effect: 0 }
      const { reading } = prepared.target
      return { latent, effect: before.value - valueOf(reading, prepared.plan.terms, rows[row] ?? [], before.ids) }
    })
    for (const effect of found) effects.set(effect.latent, effect)
    onEffects(found)
    task.progress('Ablating', effects.size, latents.length)
  }
  return latents.map((latent) => effects.get(latent) ?? { latent, effect: 0 })
}

/** Latents whose ablations are one run, from the first position that any of them changes. */
interface Batch {
  readonly latents: readonly number[]
  readonly from: number
}

/**
 * Which latents are ablated in one run: those that first act at about the same position, the late ones first. Nothing before that
 * position is run again, nor after the last one whose logits are read.
 */
function planAblations(config: ModelConfig, prepared: Prepared, latents: readonly number[]): Batch[] {
  const earliestRead = Math.min(...prepared.plan.terms.map(({ position }) => position))
  const places = [...new Set(latents)].map((latent) => ({ latent, from: Math.min(earliestRead, firstChanged(prepared, latent)) }))
  places.sort((a, b) => b.from - a.from || a.latent - b.latent)
  const batches: { latents: number[]; from: number }[] = []
  for (const { latent, from } of places) {
    const last = batches.at(-1)
    if (last && last.latents.length < rowsAtOnce(config, prepared, from)) {
      last.latents.push(latent)
      last.from = from
    } else batches.push({ latents: [latent], from })
  }
  return batches
}

/** The first counted position at which ablating `latent` changes anything; the last position where there is none. */
function firstChanged({ active, counted, patch }: Prepared, latent: number): number {
  const { latents, Z } = active
  const u = indexOfLatent(active, latent)
  if (u < 0) return counted.length - 1
  const found = counted.findIndex((counts, position) => {
    const at = position * latents.length + u
    return counts && Z[at] !== (patch?.Z[at] ?? 0)
  })
  return found < 0 ? counted.length - 1 : found
}

/** Logits at each term's place with one latent ablated in each row: [rows][terms] of [d_vocab]. */
async function ablatedLogits(bench: Bench, prepared: Prepared, cache: SuffixCache, { latents, from }: Batch): Promise<Float32Array[][]> {
  const { plan, own } = prepared
  const run = { rows: latents.length, from, values: ablated(prepared, latents, from), beside: own.beside }
  const places = placesOf(plan)
  return byTerm(bench, prepared, latents.length, await continuedLogits(bench, cache, run, places))
}

/** About how many seconds so many ablations take, from running the middle one of their batches. */
export async function estimateAblations(bench: Bench, prepared: Prepared, count: number): Promise<number> {
  const { latents } = prepared.active
  const sample = Array.from({ length: count }, (_, row) => latents[row % Math.max(1, latents.length)] ?? 0)
  const batches = planAblations(bench.sessions.model.config, prepared, sample)
  const middle = batches[Math.floor(batches.length / 2)]
  if (!middle) return 0
  const cache = await suffixCache(bench, prepared.substituted, prepared.own.beside)
  await ablatedLogits(bench, prepared, cache, middle)
  const started = performance.now()
  await ablatedLogits(bench, prepared, cache, middle)
  return (((performance.now() - started) / 1000) * count) / middle.latents.length
}

/** Hook values from the position `from` on with one latent ablated in each row, [rows, positions - from, d_out]. */
function ablated(prepared: Prepared, latents: readonly number[], from: number): Float32Array {
  const { d_out } = prepared.active
  const rest = prepared.substituted.subarray(from * d_out)
  const values = new Float32Array(latents.length * rest.length)
  latents.forEach((latent, row) => {
    const own = values.subarray(row * rest.length, (row + 1) * rest.length)
    own.set(rest)
    removeLatent(own, prepared, latent, from)
  })
  return values
}

/**
 * Subtracts (z - z') tokenScale row from `values` [positions - from, d_out] at the counted positions from `from` on, z' the counterfactual's
 * activation or 0: what the decoder leaves out when the activation is changed.
 */
export function removeLatent(
  values: Float32Array,
  { active, counted, patch }: Pick<Prepared, 'active' | 'counted' | 'patch'>,
  latent: number,
  from = 0
): void {
  const { d_out, latents, Z, rows, tokenScale } = active
  const u = indexOfLatent(active, latent)
  if (u < 0) return
  for (let position = from; position < counted.length; position++) {
    const at = position * latents.length + u
    const change = (Z[at] ?? 0) - (patch?.Z[at] ?? 0)
    if (!counted[position] || change === 0) continue
    const factor = change * (tokenScale[position] ?? 1)
    const start = (position - from) * d_out
    for (let i = 0; i < d_out; i++) values[start + i] = (values[start + i] ?? 0) - factor * (rows[u * d_out + i] ?? 0)
  }
}

/** Rows whose largest intermediate results fit: attention scores, the MLP's hidden layer, hook values, caches, logits of every term's place. */
function rowsAtOnce(config: ModelConfig, { plan }: Prepared, from: number): number {
  const { n_heads, n_kv_heads, d_head, n_layers, d_mlp, d_model, d_vocab } = config
  const all = plan.ids.length
  const run = all - from
  const cached = 2 * n_layers * n_kv_heads * d_head * from
  const numbers = 2 * n_heads * run * all + run * (3 * d_mlp + 6 * d_model) + cached + (1 + placesOf(plan).length) * d_vocab
  return Math.max(1, Math.min(Math.floor(BATCH_BYTES / 4 / numbers), Math.floor(BATCH_POSITIONS / run)))
}
