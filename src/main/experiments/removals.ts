/**
 * Hook values with sets of latents left out, and the target's value under each: all variants of one prompt as rows of batches through the
 * suffix. Unlike generation these read the prompt alone, so what is written is arithmetic on the activations that were encoded once.
 */
import { breathe, type Task } from '../../shared/task'
import { suffixLogitsAt, valueOf, type Bench, type Prepared } from '../attribution'
import type { ActiveLatents } from '../saes'

/** Positions of one run together: more are no quicker on a processor, and cancel is heard between runs only. */
const RUN_POSITIONS = 2048

/**
 * What stands at the hook point when only `kept` latents are there: start + sum over kept latents of z tokenScale row at every position.
 * `start` is the value without any latent: decoder bias alone, or with the error. [positions, d_out]; sums in float64.
 */
export function withLatents(
  { positions, d_out, latents, Z, rows, tokenScale }: ActiveLatents,
  start: Float32Array,
  kept: Uint8Array
): Float32Array {
  const out = new Float32Array(start.length)
  const sum = new Float64Array(d_out)
  for (let position = 0; position < positions; position++) {
    sum.fill(0)
    for (let u = 0; u < latents.length; u++) {
      const z = Z[position * latents.length + u] ?? 0
      if (z === 0 || kept[u] === 0) continue
      for (let i = 0; i < d_out; i++) sum[i] = (sum[i] ?? 0) + z * (rows[u * d_out + i] ?? 0)
    }
    const scale = tokenScale[position] ?? 1
    for (let i = 0; i < d_out; i++) out[position * d_out + i] = (start[position * d_out + i] ?? 0) + scale * (sum[i] ?? 0)
  }
  return out
}

/** What the SAE writes without any latent: the reconstruction minus all of them. [positions, d_out] */
export function withoutLatents(active: ActiveLatents): Float32Array {
  const all = withLatents(active, new Float32Array(active.reconstruction.length), new Uint8Array(active.latents.length).fill(1))
  return active.reconstruction.map((value, i) => value - (all[i] ?? 0))
}

/**
 * The target's value for each of `rows` hook values, [positions, d_out] each; `ids` are the tokens of its terms. Rejects with Cancelled.
 * @throws NUMBERS_NOT_FINITE
 */
export async function targetValues(
  bench: Bench,
  { plan, own, target }: Pick<Prepared, 'plan' | 'own' | 'target'>,
  ids: readonly number[],
  rows: readonly (() => Float32Array)[],
  task: Task
): Promise<number[]> {
  const places = [...new Set(plan.terms.map(({ position }) => position))]
  const { d_vocab } = bench.sessions.model.config
  const atOnce = Math.max(1, Math.floor(RUN_POSITIONS / plan.ids.length))
  const values: number[] = []
  for (let start = 0; start < rows.length; start += atOnce) {
    await breathe(task)
    const batch = rows.slice(start, start + atOnce).map((row) => row())
    const joined = new Float32Array(batch.reduce((sum, { length }) => sum + length, 0))
    batch.reduce((at, one) => (joined.set(one, at), at + one.length), 0)
    const logits = await suffixLogitsAt(bench, batch.length, joined, own.beside, places)
    for (let row = 0; row < batch.length; row++) {
      const of = plan.terms.map(({ position }) => {
        const at = row * places.length + places.indexOf(position)
        return logits.subarray(at * d_vocab, (at + 1) * d_vocab)
      })
      values.push(valueOf(target.reading, plan.terms, of, ids))
    }
  }
  return values
}
