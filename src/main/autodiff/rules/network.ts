/** Rules of softmax, Gelu and the normalisations. */
import * as op from '../../graph/ops'
import type { Graph, Value } from '../../graph/types'
import { axisOf, numberOf, textOf } from '../read'
import type { Rules, Step } from '../types'

const meanOfRow = (graph: Graph, x: Value): Value => op.reduceMean(graph, x, { axes: [-1], keep: true })
const sumAlong = (graph: Graph, x: Value, axis: number): Value => op.reduceSum(graph, x, { axes: [axis], keep: true })

export const network: Rules = {
  // y = softmax(a):  da = y (dy - sum(dy y))
  Softmax: ({ graph, node, a, y, dy }) => [
    () => op.mul(graph, y, op.sub(graph, dy, sumAlong(graph, op.mul(graph, dy, y), axisOf(node, a))))
  ],

  // y = a - log sum e^a:  da = dy - e^y sum(dy)
  LogSoftmax: ({ graph, node, a, y, dy }) => [
    () => op.sub(graph, dy, op.mul(graph, op.exp(graph, y), sumAlong(graph, dy, axisOf(node, a))))
  ],

  // exact: y = a P(a), P and p the normal distribution and its density:  da = dy (P + a p)
  // tanh:  y = a s, s = sigmoid(a c), c = k (1 + 0.044715 a^2), k = 2 sqrt(2 / pi):  da = dy (s + (y - y s) (3 c - 2 k))
  // Hendrycks and Gimpel 2016, as in ONNX's Gelu-20; 1 + tanh(u) = 2 sigmoid(2 u).
  Gelu: (step) => {
    const { graph, dy } = step
    const slope = textOf(step.node, 'approximate') === 'tanh' ? slopeOfTanhGelu : slopeOfGelu
    return [() => op.mul(graph, dy, slope(step))]
  },

  // y = n g + bias with n = (a - mean(a)) r, r = 1 / sqrt(var(a) + epsilon), means over the last axis, d = dy g:
  //   da = r (d - mean(d) - n mean(d n));  dg = dy n;  dbias = dy
  LayerNormalization: (step) => {
    const { graph, a, b, dy } = step
    const centred = op.sub(graph, a, step.node.outputs[1] ?? meanOfRow(graph, a))
    const r = step.node.outputs[2] ?? inverseRoot(step, centred)
    const n = op.mul(graph, centred, r)
    const scaled = (): Value => {
      const d = op.mul(graph, dy, b)
      const toMean = op.sub(graph, d, meanOfRow(graph, d))
      return op.mul(graph, r, op.sub(graph, toMean, op.mul(graph, n, meanOfRow(graph, op.mul(graph, d, n)))))
    }
    return [scaled, () => op.mul(graph, dy, n), () => dy]
  },

  // y = n g with n = a r, r = 1 / sqrt(mean(a^2) + epsilon), d = dy g:  da = r (d - n mean(d n));  dg = dy n
  // r is computed again: the kernel's own second output is wrong on WebGPU (onnxruntime 1.30).
  SimplifiedLayerNormalization: (step) => {
    const { graph, a, b, dy } = step
    const r = inverseRoot(step, a)
    const n = op.mul(graph, a, r)
    const scaled = (): Value => {
      const d = op.mul(graph, dy, b)
      return op.mul(graph, r, op.sub(graph, d, op.mul(graph, n, meanOfRow(graph, op.mul(graph, d, n)))))
    }
    return [scaled, () => op.mul(graph, dy, n)]
  }
}

/** The normalisations with their scale r held as it is: they are linear in a, but for the mean that LayerNorm takes out. */
export const frozenNorms: Rules = {
  // y = (a - mean(a)) r g + bias, r constant, d = dy g r:  da = d - mean(d);  dg = dy n;  dbias = dy
  LayerNormalization: (step) => {
    const { graph, a, b, dy } = step
    const centred = op.sub(graph, a, step.node.outputs[1] ?? meanOfRow(graph, a))
    const r = step.node.outputs[2] ?? inverseRoot(step, centred)
    const scaled = (): Value => {
      const d = op.mul(graph, op.mul(graph, dy, b), r)
      return op.sub(graph, d, meanOfRow(graph, d))
    }
    return [scaled, () => op.mul(graph, dy, op.mul(graph, centred, r)), () => dy]
  },

  // y = a r g, r constant:  da = dy g r;  dg = dy a r
  SimplifiedLayerNormalization: (step) => {
    const { graph, a, b, dy } = step
    const r = inverseRoot(step, a)
    return [() => op.mul(graph, op.mul(graph, dy, b), r), () => op.mul(graph, dy, op.mul(graph, a, r))]
  }
}

function slopeOfGelu({ graph, a }: Step): Value {
  const number = (value: number): Value => op.scalar(graph, value, a.type)
  const erf = op.erf(graph, op.mul(graph, a, number(Math.SQRT1_2)))
  const share = op.add(graph, op.mul(graph, erf, number(0.5)), number(0.5))
  const density = op.mul(graph, op.exp(graph, op.mul(graph, op.mul(graph, a, a), number(-0.5))), number(1 / Math.sqrt(2 * Math.PI)))
  return op.add(graph, share, op.mul(graph, a, density))
}

function slopeOfTanhGelu({ graph, a, y }: Step): Value {
  const number = (value: number): Value => op.scalar(graph, value, a.type)
  const k = 2 * Math.sqrt(2 / Math.PI)
  const c = op.add(graph, op.mul(graph, op.mul(graph, a, a), number(0.044715 * k)), number(k))
  const s = op.sigmoid(graph, op.mul(graph, a, c))
  const rest = op.sub(graph, op.mul(graph, c, number(3)), number(2 * k))
  return op.add(graph, s, op.mul(graph, op.sub(graph, y, op.mul(graph, y, s)), rest))
}

/** 1 / sqrt(mean(x^2) + epsilon) of each row, where the kernel did not yield it. */
function inverseRoot({ graph, node }: Step, x: Value): Value {
  const epsilon = op.scalar(graph, numberOf(node, 'epsilon', 1e-5), x.type)
  return op.reciprocal(graph, op.sqrt(graph, op.add(graph, meanOfRow(graph, op.mul(graph, x, x)), epsilon)))
}
