/**
 * The exact check: each latent is really zeroed at every counted position, under the method's own substitution, and the rest of the
 * model is run again. exactEffect = target before - target after, so it has the sign of the score that it checks.
 */
import { fail } from '../../shared/errors'
import type { ExactCheck } from '../../shared/records/ranking'
import { breathe, type Task } from '../../shared/task'
import { topTokens } from '../models'
import type { ModelConfig } from '../models/types'
import { indexOfLatent, type ActiveLatents } from '../saes'
import { suffixLogits, type Bench } from './bench'
import { pearson, spearman } from './correlation'
import { prepare, type AttributionRequest, type Prepared } from './prepare'

/** Memory one batch of ablations may take inside the runtime. */
const BATCH_BYTES = 256 * 2 ** 20
/** Positions of one batch together: more are no quicker on a processor, and cancel is heard between batches only. */
const BATCH_POSITIONS = 1024

/** A latent and the score that is checked. */
export interface Estimate {
  readonly latent: number
  readonly score: number
}

/**
 * Ablates `estimates` one by one, in batches; `onEffects` hears of each batch. Cancel takes effect between batches (rejects with
 * Cancelled). With the request's target null, the target is the greedy token of the model as the method runs it.
 * @throws LATENT_UNKNOWN, and what `prepare` throws, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function verifyLatents(
  bench: Bench,
  request: AttributionRequest,
  estimates: readonly Estimate[],
  task: Task,
  onEffects: (effects: ExactCheck['effects']) => void
): Promise<ExactCheck> {
  const { sae } = bench.encoder
  const unknown = estimates.find(({ latent }) => latent < 0 || latent >= sae.d_sae)
  if (unknown) fail('LATENT_UNKNOWN', { sae: sae.name, latent: unknown.latent, last: sae.d_sae - 1 })
  task.progress('Ablating', 0, estimates.length)
  const prepared = await prepare(bench, request)
  const { method, substituted, own } = prepared
  const [base] = await suffixLogits(bench, 1, substituted, own.beside)
  if (!base) return fail('NUMBERS_NOT_FINITE', { doing: 'running the rest of the model' })
  const id = prepared.target ?? topTokens(base, 1)[0]?.id ?? 0
  const before = method.target.read(base, id)
  const atOnce = rowsAtOnce(bench.sessions.model.config, prepared.ids.length)
  const effects: ExactCheck['effects'] = []
  for (let start = 0; start < estimates.length; start += atOnce) {
    await breathe(task)
    const batch = estimates.slice(start, start + atOnce)
    const logits = await suffixLogits(bench, batch.length, ablated(prepared, batch), own.beside)
    const found = batch.map(({ latent, score }, row) => {
      // Nothing was changed for a latent that is not active: what remains would be the rounding of another batch size.
      const silent = indexOfLatent(prepared.active, latent) < 0
      return { latent, score, exactEffect: silent ? 0 : before - method.target.read(logits[row] ?? base, id) }
    })
    effects.push(...found)
    onEffects(found)
    task.progress('Ablating', effects.length, estimates.length)
  }
  const [scores, exact] = [effects.map(({ score }) => score), effects.map(({ exactEffect }) => exactEffect)]
  return { effects, pearson: pearson(scores, exact), spearman: spearman(scores, exact) }
}

/** Hook values with one latent zeroed in each row, [rows, positions, d_out]. */
function ablated({ active, counted, substituted }: Prepared, batch: readonly Estimate[]): Float32Array {
  const values = new Float32Array(batch.length * substituted.length)
  batch.forEach(({ latent }, row) => {
    const own = values.subarray(row * substituted.length, (row + 1) * substituted.length)
    own.set(substituted)
    removeLatent(own, active, latent, counted)
  })
  return values
}

/**
 * Subtracts z tokenScale row from `values` [positions, d_out] at the counted positions: what the decoder leaves out when the activation
 * is 0. Exported for tests.
 */
export function removeLatent(values: Float32Array, active: ActiveLatents, latent: number, counted: readonly boolean[]): void {
  const { d_out, latents, Z, rows, tokenScale } = active
  const u = indexOfLatent(active, latent)
  if (u < 0) return
  counted.forEach((counts, position) => {
    const z = Z[position * latents.length + u] ?? 0
    if (!counts || z === 0) return
    const factor = z * (tokenScale[position] ?? 1)
    for (let i = 0; i < d_out; i++) values[position * d_out + i] = (values[position * d_out + i] ?? 0) - factor * (rows[u * d_out + i] ?? 0)
  })
}

/** Rows whose largest intermediate results fit: attention scores, the MLP's hidden layer, hook values, logits. */
function rowsAtOnce({ n_heads, d_mlp, d_model, d_vocab }: ModelConfig, positions: number): number {
  const numbers = 2 * n_heads * positions ** 2 + positions * (3 * d_mlp + 6 * d_model) + 2 * d_vocab
  return Math.max(1, Math.min(Math.floor(BATCH_BYTES / 4 / numbers), Math.floor(BATCH_POSITIONS / positions)))
}
