/** Rules of matrix products. Transposed operands are read in place (FusedMatMul), never copied. */
import * as op from '../../graph/ops'
import { sizeOf } from '../../graph/dims'
import type { Graph, Value } from '../../graph/types'
import { numberOf } from '../read'
import type { Rule, Rules } from '../types'

/**
 * Y = alpha op(A) op(B), op being the transpose where flagged:
 *   dA = alpha dY op(B)^T, itself transposed when A was:  dA^T = alpha op(B) dY^T
 *   dB = alpha op(A)^T dY, itself transposed when B was:  dB^T = alpha dY^T op(A)
 */
const matMul: Rule = ({ graph, node, a, b, dy }) => {
  const transA = numberOf(node, 'transA', 0) === 1
  const transB = numberOf(node, 'transB', 0) === 1
  const alpha = numberOf(node, 'alpha', 1)
  const product = (left: Value, right: Value, flipLeft: boolean, flipRight: boolean): Value =>
    op.matMul(graph, left, right, { transA: flipLeft, transB: flipRight, alpha })
  return [
    () => (transA ? product(b, dy, transB, true) : product(dy, b, false, !transB)),
    () => {
      // A matrix shared by a whole batch: one product over all rows instead of one per batch entry, summed afterwards.
      const shared = b.shape.length === 2 && a.shape.length > 2 && !transA
      const [x, d] = shared ? [rows(graph, a), rows(graph, dy)] : [a, dy]
      return transB ? product(d, x, true, transA) : product(x, d, !transA, false)
    }
  ]
}

/** [.., n, m] -> [.. * n, m] */
function rows(graph: Graph, x: Value): Value {
  return op.reshape(graph, x, [sizeOf(x.shape.slice(0, -1)), ...x.shape.slice(-1)])
}

export const linear: Rules = { MatMul: matMul, FusedMatMul: matMul }
