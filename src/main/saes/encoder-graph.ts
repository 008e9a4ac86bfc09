/**
 * The SAE as one graph that never hands dense latents out (types.ts holds the formulas):
 *
 *   activations f [pos, d_sae]  ->  latents [U]: those active anywhere;  Z = f[:, latents];  rows = (decode_scale W_dec / outScale)[latents]
 *   reconstruction = tokenScale (Z rows + b_dec / outScale) + tokenShift + skip;  error = target - reconstruction
 *
 * tokenScale and tokenShift undo the per-token normalisation and the centring: 1 and 0 without them. skip is x W_skipᵀ, of transcoders.
 */
import { addInput, addOutput, createGraph } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import { activeOf } from './active'
import { gated } from './gates'
import { normalise } from './normalise'
import type { Sae } from './types'
import { decoderNorms, decoderRowsOf, scaled, weight } from './weights'

export interface EncoderOptions {
  /** |W_dec[i]| of every latent (read.ts), where the gate needs them. */
  readonly norms: Float32Array | null
  /** For SAEs that fill a good part of the memory: half precision is cast slice by slice. */
  readonly lean: boolean
  /** Whether the graph reconstructs; W_dec is left out otherwise. */
  readonly decodes: boolean
}

/**
 * Inputs: `resid` float32 [pos, d_in], what the SAE reads; for transcoders `target` [pos, d_out], what it stands for. Outputs: `latents`
 * int64 [U] ascending, `Z` float32 [pos, U], `rows` [U, d_out], `reconstruction` and `error` [pos, d_out], `tokenScale` and
 * `tokenShift` [pos, 1], `bias` = b_dec / outScale [d_out], `check` []; with a W_skip `skip` [pos, d_out]. Where it does not
 * decode there is no `target`, and no `rows`, `reconstruction` and `error` come out.
 */
export function buildEncoder(
  sae: Sae,
  { norms: given, lean, decodes }: EncoderOptions = { norms: null, lean: false, decodes: true }
): Graph {
  const graph = createGraph(`SAE ${sae.name}`)
  const resid = addInput(graph, 'resid', 'float32', ['pos', sae.d_in])
  const { xn, tokenScale, tokenShift } = normalise(graph, sae, resid)
  const norms = given && decoderNorms(graph, given)
  const { activations, check } = gated(graph, sae, xn, norms, lean)
  const { latents, Z } = activeOf(graph, activations, sae.d_sae)
  const bias = scaled(graph, weight(graph, sae, 'b_dec'), 1 / sae.outScale)
  const skip = sae.weights.has('W_skip') ? skipped(graph, sae, resid) : null
  const outputs = { latents, Z, tokenScale, tokenShift, bias, check, ...(skip ? { skip } : {}) }
  const all = !decodes ? outputs : { ...outputs, ...reconstructed(graph, sae, resid, norms, outputs) }
  for (const [name, value] of Object.entries(all)) addOutput(graph, name, value)
  return graph
}

interface Encoded {
  readonly latents: Value
  readonly Z: Value
  readonly tokenScale: Value
  readonly tokenShift: Value
  readonly bias: Value
  readonly skip?: Value
}

function reconstructed(
  graph: Graph,
  sae: Sae,
  resid: Value,
  norms: Value | null,
  { latents, Z, tokenScale, tokenShift, bias, skip }: Encoded
): { rows: Value; reconstruction: Value; error: Value } {
  const target = sae.hookOut === null ? resid : addInput(graph, 'target', 'float32', ['pos', sae.d_out])
  const rows = decoderRows(graph, sae, latents, norms)
  const yn = op.add(graph, op.matMul(graph, Z, rows), bias)
  const decoded = op.add(graph, op.mul(graph, yn, tokenScale), tokenShift)
  const reconstruction = skip ? op.add(graph, decoded, skip) : decoded
  return { rows, reconstruction, error: op.sub(graph, target, reconstruction) }
}

/** Whether the gate compares or scales by the decoder rows' norms. */
export function needsNorms({ gate }: Sae): boolean {
  return (gate.kind === 'topk' && gate.byDecoderNorm) || (gate.kind === 'jumprelu' && gate.timesDecoderNorm)
}

/** d yn / d f for each of the given latents: the decoder rows with every fixed factor. */
function decoderRows(graph: Graph, sae: Sae, latents: Value, norms: Value | null): Value {
  const rows = scaled(graph, decoderRowsOf(graph, sae, latents), 1 / sae.outScale)
  const times = (value: Value, factors: Value): Value => op.mul(graph, value, op.unsqueeze(graph, op.gather(graph, factors, latents), [1]))
  const finetuned = sae.weights.has('decode_scale') ? times(rows, weight(graph, sae, 'decode_scale')) : rows
  return norms && sae.gate.kind === 'topk' ? times(finetuned, op.reciprocal(graph, norms)) : finetuned
}

/** x W_skipᵀ of the raw input, [pos, d_out]. */
function skipped(graph: Graph, sae: Sae, x: Value): Value {
  return op.matMul(graph, x, weight(graph, sae, 'W_skip'), { transB: !sae.skipByInput })
}
