/**
 * The decoder on active latents as a graph:
 *
 *   rows_i = decodeScale_i / outScale * W_dec[i];   y = (Z rows + b_dec / outScale) * scale + shift
 *
 * with decodeScale the fine-tuning factor, or 1 / |W_dec[i]| for a TopK SAE whose activations carry the decoder norms.
 */
import { addInput, addOutput, createGraph } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Sae } from './types'
import { weightValue } from './weights'

/** Inputs `latents` int64 [U], `Z` [n, U], `scale` [n, 1], `shift` [n, 1]. Outputs `rows` [U, d_in], `bias` and `reconstruction` [n, d_in]. */
export function buildDecodeGraph(sae: Sae): Graph {
  const graph = createGraph(`decode ${sae.name}`)
  const latents = addInput(graph, 'latents', 'int64', ['U'])
  const Z = addInput(graph, 'Z', 'float32', ['n', 'U'])
  const scale = addInput(graph, 'scale', 'float32', ['n', 1])
  const shift = addInput(graph, 'shift', 'float32', ['n', 1])
  const rows = decodedRows(graph, sae, latents)
  const decoderBias = op.mul(graph, weightValue(graph, sae, 'b_dec'), op.scalar(graph, 1 / sae.outScale))
  const bias = op.add(graph, op.mul(graph, decoderBias, scale), shift)
  addOutput(graph, 'rows', rows)
  addOutput(graph, 'bias', bias)
  addOutput(graph, 'reconstruction', op.add(graph, op.mul(graph, op.matMul(graph, Z, rows), scale), bias))
  return graph
}

function decodedRows(graph: Graph, sae: Sae, latents: Value): Value {
  const raw = op.gather(graph, weightValue(graph, sae, 'W_dec'), latents)
  const fixed = sae.outScale === 1 ? raw : op.mul(graph, raw, op.scalar(graph, 1 / sae.outScale))
  if (sae.rescaleByDecoderNorm) return op.div(graph, fixed, op.sqrt(graph, op.reduceSumSquare(graph, raw, { axes: [1], keep: true })))
  if (sae.decodeScale === null) return fixed
  const factors = op.gather(graph, weightValue(graph, sae, sae.decodeScale), latents)
  return op.mul(graph, fixed, op.unsqueeze(graph, factors, [1]))
}
