/** What transformer layers are made of: softmax, normalisations, activations. */
import { assert } from '../../../shared/errors'
import { addNode, addNodes, float, int, text, type Made } from '../create'
import { normaliseAxis } from '../dims'
import type { Graph, Value } from '../types'
import { mul, sigmoid } from './elementwise'

const overAxis =
  (op: string) =>
  (graph: Graph, x: Value, axis = -1): Value =>
    addNode(graph, { op, inputs: [x], attributes: { axis: int(normaliseAxis(axis, x.shape.length)) } }, x)

/** e^x / sum of e^x over `axis`. */
export const softmax = overAxis('Softmax')
/** log of softmax, computed without overflow. */
export const logSoftmax = overAxis('LogSoftmax')

/**
 * LayerNorm over the last axis: (x - mean) / sqrt(var + epsilon) * gain + bias, with the biased variance. x [.., n], gain [n].
 * The node also yields mean and 1 / sqrt(var + epsilon), which its gradient reuses.
 */
export function layerNorm(graph: Graph, x: Value, gain: Value, bias: Value | null, epsilon: number): Value {
  const attributes = { axis: int(-1), epsilon: float(epsilon) }
  const made = [x, ...byProducts(x), ...byProducts(x)]
  const [y] = addNodes(graph, { op: 'LayerNormalization', inputs: bias ? [x, gain, bias] : [x, gain], attributes }, made)
  assert(y, 'LayerNormalization makes a value')
  return y
}

/** RMSNorm over the last axis: x / sqrt(mean(x^2) + epsilon) * gain. x [.., n], gain [n]. The runtime's fused kernel. */
export function rmsNorm(graph: Graph, x: Value, gain: Value, epsilon: number): Value {
  const attributes = { axis: int(-1), epsilon: float(epsilon) }
  return addNode(graph, { op: 'SimplifiedLayerNormalization', inputs: [x, gain], attributes }, x)
}

/** x times the standard normal distribution function of x ("exact"), or its tanh approximation. */
export function gelu(graph: Graph, x: Value, form: 'exact' | 'tanh'): Value {
  return addNode(graph, { op: 'Gelu', inputs: [x], attributes: { approximate: text(form === 'exact' ? 'none' : 'tanh') } }, x)
}

/** x * sigmoid(x), also called swish. */
export function silu(graph: Graph, x: Value): Value {
  return mul(graph, x, sigmoid(graph, x))
}

/** The runtime yields statistics in float32 only; for other types the gradient computes them itself. */
function byProducts(x: Value): Made[] {
  return x.type === 'float32' ? [{ type: x.type, shape: [...x.shape.slice(0, -1), 1] }] : []
}
