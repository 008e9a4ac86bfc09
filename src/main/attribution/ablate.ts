/**
 * Exact effects: each latent is really zeroed (or given the counterfactual's activations) at every counted position, under the method's own
 * substitution, and the rest of the model is run again. effect = target before - target after, so it has the sign of the score it checks.
 */
import { breathe, type Task } from '../../shared/task'
import { topTokens } from '../models'
import type { ModelConfig } from '../models/types'
import { indexOfLatent } from '../saes'
import { suffixLogitsAt, type Bench } from './bench'
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
async function termLogits(bench: Bench, { plan, own }: Prepared, rows: number, values: Float32Array): Promise<Float32Array[][]> {
  const { d_vocab } = bench.sessions.model.config
  const places = [...new Set(plan.terms.map(({ position }) => position))]
  const logits = await suffixLogitsAt(bench, rows, values, own.beside, places)
  return Array.from({ length: rows }, (_, row) =>
    plan.terms.map(({ position }) => {
      const at = row * places.length + places.indexOf(position)
      return logits.subarray(at * d_vocab, (at + 1) * d_vocab)
    })
  )
}

/**
 * Ablates `latents` one by one, in batches; `onEffects` hears of each batch. Cancel takes effect between batches (rejects with Cancelled).
 * @throws NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function effectsOf(
  bench: Bench,
  prepared: Prepared,
  before: Before,
  latents: readonly number[],
  task: Task,
  onEffects: (effects: readonly Effect[]) => void = () => undefined
): Promise<Effect[]> {
  const atOnce = rowsAtOnce(bench.sessions.model.config, prepared)
  const effects: Effect[] = []
  for (let start = 0; start < latents.length; start += atOnce) {
    await breathe(task)
    const batch = latents.slice(start, start + atOnce)
    const rows = await termLogits(bench, prepared, batch.length, ablated(prepared, batch))
    const found = batch.map((latent, row) => {
      // Nothing was changed for a latent that is not active: what remains would be the rounding of another batch size.
      if (indexOfLatent(prepared.active, latent) < 0) return { latent, effect: 0 }
      const { reading } = prepared.target
      return { latent, effect: before.value - valueOf(reading, prepared.plan.terms, rows[row] ?? [], before.ids) }
    })
    effects.push(...found)
    onEffects(found)
    task.progress('Ablating', effects.length, latents.length)
  }
  return effects
}

/** About how many seconds so many ablations take, from running one batch of them. */
export async function estimateAblations(bench: Bench, prepared: Prepared, count: number): Promise<number> {
  const atOnce = Math.min(count, rowsAtOnce(bench.sessions.model.config, prepared))
  if (atOnce === 0) return 0
  const batch = Array.from({ length: atOnce }, (_, row) => prepared.active.latents[row % Math.max(1, prepared.active.latents.length)] ?? 0)
  await targetAt(bench, prepared, prepared.substituted)
  const started = performance.now()
  await termLogits(bench, prepared, atOnce, ablated(prepared, batch))
  return ((performance.now() - started) / 1000) * Math.ceil(count / atOnce)
}

/** Hook values with one latent ablated in each row, [rows, positions, d_out]. */
function ablated(prepared: Prepared, batch: readonly number[]): Float32Array {
  const { substituted } = prepared
  const values = new Float32Array(batch.length * substituted.length)
  batch.forEach((latent, row) => {
    const own = values.subarray(row * substituted.length, (row + 1) * substituted.length)
    own.set(substituted)
    removeLatent(own, prepared, latent)
  })
  return values
}

/**
 * Subtracts (z - z') tokenScale row from `values` [positions, d_out] at the counted positions, z' the counterfactual's activation or 0: what
 * the decoder leaves out when the activation is changed.
 */
export function removeLatent(
  values: Float32Array,
  { active, counted, patch }: Pick<Prepared, 'active' | 'counted' | 'patch'>,
  latent: number
): void {
  const { d_out, latents, Z, rows, tokenScale } = active
  const u = indexOfLatent(active, latent)
  if (u < 0) return
  counted.forEach((counts, position) => {
    const at = position * latents.length + u
    const change = (Z[at] ?? 0) - (patch?.Z[at] ?? 0)
    if (!counts || change === 0) return
    const factor = change * (tokenScale[position] ?? 1)
    for (let i = 0; i < d_out; i++) values[position * d_out + i] = (values[position * d_out + i] ?? 0) - factor * (rows[u * d_out + i] ?? 0)
  })
}

/** Rows whose largest intermediate results fit: attention scores, the MLP's hidden layer, hook values, logits of every term's place. */
function rowsAtOnce({ n_heads, d_mlp, d_model, d_vocab }: ModelConfig, { plan }: Prepared): number {
  const positions = plan.ids.length
  const places = new Set(plan.terms.map(({ position }) => position)).size
  const numbers = 2 * n_heads * positions ** 2 + positions * (3 * d_mlp + 6 * d_model) + (1 + places) * d_vocab
  return Math.max(1, Math.min(Math.floor(BATCH_BYTES / 4 / numbers), Math.floor(BATCH_POSITIONS / positions)))
}
