/** The smallest entry is minus the largest of the negated: min(x) = -max(-x). */
import { assert } from '../../../shared/errors'
import * as op from '../../graph/ops'
import { constantInput, numberOf } from '../read'
import type { Expansion } from '../types'

export const reduceMin: Expansion = {
  op: 'ReduceMin',
  expand(graph, node) {
    const [x] = node.inputs
    assert(x, 'ReduceMin has an input')
    const options = { axes: constantInput(graph, node, 1), keep: numberOf(node, 'keepdims', 1) === 1 }
    return [op.neg(graph, op.reduceMax(graph, op.neg(graph, x), options))]
  }
}
