/**
 * What writing the reconstruction costs the model: mean cross-entropy of the next token, in nats, untouched, with the reconstruction
 * written at every position, and with the mean hook value written instead (formats.md section 10; "CE loss recovered" of SAELens evals).
 */
import type { Preflight } from '../../shared/records/preflight'
import { breathe, type Task } from '../../shared/task'
import { suffixLogitsAt, type Cut } from '../attribution'
import { logSumExp } from '../models'
import { meanValue, type WindowValues } from './fit'

/** A window with the stream beside the hook value and the SAE's reconstruction of it, [positions, d_out]. */
export interface Reconstructed extends WindowValues {
  readonly beside: Float32Array | null
  readonly reconstruction: Float32Array
}

/** The first position of each window keeps its own value: SAEs are not trained to describe it. Cancel is heard between windows. */
export async function crossEntropies(
  cut: Cut,
  windows: readonly Reconstructed[],
  d_out: number,
  task: Task
): Promise<Preflight['crossEntropy']> {
  const mean = meanValue(windows, d_out)
  const sums = { model: 0, sae: 0, ablated: 0 }
  let tokens = 0
  for (const { ids, value, beside, reconstruction } of windows) {
    const select = Array.from({ length: ids.length - 1 }, (_, position) => position)
    const write = (at: (i: number) => number): Float32Array => value.map((own, i) => (i < d_out ? own : at(i)))
    const versions = {
      model: value,
      sae: write((i) => reconstruction[i] ?? 0),
      ablated: write((i) => mean[i % d_out] ?? 0)
    }
    for (const name of ['model', 'sae', 'ablated'] as const) {
      await breathe(task)
      const logits = await suffixLogitsAt(cut, 1, versions[name], beside, select)
      sums[name] += lossOf(logits, ids)
    }
    tokens += select.length
  }
  const [model, sae, ablated] = [sums.model / tokens, sums.sae / tokens, sums.ablated / tokens]
  return { model, sae, ablated, recovered: ablated === model ? 0 : (ablated - sae) / (ablated - model) }
}

/** Sum over positions of -log p(next token); logits [positions, d_vocab] after every position but the last. */
function lossOf(logits: Float32Array, ids: readonly number[]): number {
  const rows = ids.length - 1
  const d_vocab = logits.length / rows
  let loss = 0
  for (let row = 0; row < rows; row++) {
    const own = logits.subarray(row * d_vocab, (row + 1) * d_vocab)
    loss += logSumExp(own) - (own[ids[row + 1] ?? -1] ?? NaN)
  }
  return loss
}
