/**
 * The encoder as a graph: hook values -> the latents active anywhere and their activations.
 *
 *   xn = inScale * norm(x);   p = (xn - b_dec if the SAE says so) W_enc + b_enc;   f = gate(p)
 *
 * The dense f [n, d_sae] exists only inside the graph; what leaves it is the active set and f on it.
 * Sources: SAELens `process_sae_in` and `saes/*.py`.
 */
import { assert } from '../../shared/errors'
import { addInput, addOutput, createGraph } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Sae } from './types'
import { weightValue } from './weights'

/** Added to the standard deviation by SAELens's layer_norm. */
const STD_EPSILON = 1e-5

/**
 * Input `x` float32 [n, d_in]. Outputs `latents` int64 [U], `Z` float32 [n, U], and `scale` [n, 1] and `shift` [n, 1], which undo
 * the per-token normalisation: y = yn * scale + shift.
 */
export function buildEncodeGraph(sae: Sae): Graph {
  const graph = createGraph(`encode ${sae.name}`)
  const x = addInput(graph, 'x', 'float32', ['n', sae.d_in])
  const { xn, scale, shift } = normalise(graph, sae, x)
  const scaled = sae.inScale === 1 ? xn : op.mul(graph, xn, op.scalar(graph, sae.inScale))
  const centred = sae.subtractDecoderBias ? op.sub(graph, scaled, weightValue(graph, sae, 'b_dec')) : scaled
  const p = op.add(graph, op.matMul(graph, centred, weightValue(graph, sae, 'W_enc')), weightValue(graph, sae, 'b_enc'))
  const f = gate(graph, sae, p)
  const highest = op.reduceMax(graph, f, { axes: [0] })
  const latents = op.squeeze(graph, op.nonZero(graph, op.greater(graph, highest, op.scalar(graph, 0))), [0])
  addOutput(graph, 'latents', latents)
  addOutput(graph, 'Z', op.gather(graph, f, latents, 1))
  addOutput(graph, 'scale', scale)
  addOutput(graph, 'shift', shift)
  return graph
}

/** Per-token normalisation, and what undoes it. */
function normalise(graph: Graph, sae: Sae, x: Value): { xn: Value; scale: Value; shift: Value } {
  const zeros = (): Value => op.mul(graph, op.reduceSum(graph, x, { axes: [1], keep: true }), op.scalar(graph, 0))
  switch (sae.norm) {
    case 'none':
      return { xn: x, scale: op.add(graph, zeros(), op.scalar(graph, 1)), shift: zeros() }
    case 'constant_norm_rescale': {
      // c = sqrt(d_in) / |x|;  xn = c x;  y = yn / c
      const length = op.sqrt(graph, op.reduceSumSquare(graph, x, { axes: [1], keep: true }))
      const scale = op.mul(graph, length, op.scalar(graph, 1 / Math.sqrt(sae.d_in)))
      return { xn: op.div(graph, x, scale), scale, shift: zeros() }
    }
    case 'layer_norm': {
      // The standard deviation is the unbiased one (d_in - 1); the epsilon is added on the way in only.
      const mean = op.reduceMean(graph, x, { axes: [1], keep: true })
      const centred = op.sub(graph, x, mean)
      const variance = op.mul(graph, op.reduceSumSquare(graph, centred, { axes: [1], keep: true }), op.scalar(graph, 1 / (sae.d_in - 1)))
      const std = op.sqrt(graph, variance)
      return { xn: op.div(graph, centred, op.add(graph, std, op.scalar(graph, STD_EPSILON))), scale: std, shift: mean }
    }
  }
}

function gate(graph: Graph, sae: Sae, p: Value): Value {
  switch (sae.gate.kind) {
    case 'relu':
      return op.relu(graph, p)
    case 'jumprelu': {
      const open = op.greater(graph, p, weightValue(graph, sae, sae.gate.threshold))
      return op.where(graph, open, op.relu(graph, p), op.scalar(graph, 0))
    }
    case 'topk': {
      assert(sae.gate.k <= sae.d_sae, 'k is at most the number of latents')
      const weighed = sae.rescaleByDecoderNorm ? op.mul(graph, p, decoderNorms(graph, sae)) : p
      const { values, indices } = op.topK(graph, weighed, sae.gate.k)
      const zeros = op.full(graph, 0, p, [p])
      return op.scatterElements(graph, zeros, indices, op.relu(graph, values), 1)
    }
  }
}

/** Norms of the decoder rows, [d_sae]. */
function decoderNorms(graph: Graph, sae: Sae): Value {
  return op.sqrt(graph, op.reduceSumSquare(graph, weightValue(graph, sae, 'W_dec'), { axes: [1] }))
}
