/**
 * Gelu, x times the standard normal distribution function of x:
 *   exact:  x (1 + erf(x / sqrt 2)) / 2
 *   tanh:   x (1 + tanh(u)) / 2 = x sigmoid(2 u),  u = sqrt(2 / pi) (x + 0.044715 x^3)
 * Source: Hendrycks and Gimpel 2016, as in ONNX's Gelu-20.
 */
import { assert } from '../../../shared/errors'
import * as op from '../../graph/ops'
import { textOf } from '../read'
import type { Expansion } from '../types'

export const gelu: Expansion = {
  op: 'Gelu',
  expand(graph, node) {
    const [x] = node.inputs
    assert(x, 'Gelu has an input')
    const number = (value: number): ReturnType<typeof op.scalar> => op.scalar(graph, value, x.type)
    if (textOf(node, 'approximate') === 'tanh') {
      // 2 u = x (a + b x^2)
      const a = number(2 * Math.sqrt(2 / Math.PI))
      const b = number(2 * Math.sqrt(2 / Math.PI) * 0.044715)
      const twoU = op.mul(graph, x, op.add(graph, a, op.mul(graph, b, op.mul(graph, x, x))))
      return [op.mul(graph, x, op.sigmoid(graph, twoU))]
    }
    const erf = op.erf(graph, op.mul(graph, x, number(Math.SQRT1_2)))
    return [op.mul(graph, x, op.mul(graph, number(0.5), op.add(graph, number(1), erf)))]
  }
}
