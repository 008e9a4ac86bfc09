/** Rules of reductions: each spreads dy back over the reduced axes. */
import { dimAt, sizeOf } from '../../graph/dims'
import * as op from '../../graph/ops'
import type { Graph, Value } from '../../graph/types'
import { constantInput, numberOf } from '../read'
import type { Rules, Step } from '../types'

const axesOf = ({ graph, node }: Step): number[] => constantInput(graph, node, 1)

/** A reduced value with its axes back as size 1, so that it broadcasts against a. */
function widen(step: Step, reduced: Value): Value {
  return numberOf(step.node, 'keepdims', 1) === 1 ? reduced : op.unsqueeze(step.graph, reduced, axesOf(step))
}

const spread = (step: Step, dy: Value): Value => op.expand(step.graph, widen(step, dy), step.a.shape, [step.a])

/** y = the largest (or smallest) entry of a:  da = dy at that entry; equals share it */
function extremum(step: Step): Value {
  const { graph, a, y, dy } = step
  const hit = op.cast(graph, op.equal(graph, a, widen(step, y)), a.type)
  const share = op.div(graph, hit, op.reduceSum(graph, hit, { axes: axesOf(step), keep: true }))
  return op.mul(graph, share, widen(step, dy))
}

export const reduction: Rules = {
  // y = sum of a:  da = dy everywhere
  ReduceSum: (step) => [() => spread(step, step.dy), null],

  // y = mean of n entries of a:  da = dy / n everywhere
  ReduceMean: (step) => [() => spread(step, op.div(step.graph, step.dy, countOf(step.graph, step.a, axesOf(step)))), null],

  ReduceMax: (step) => [() => extremum(step), null],

  // y = sum of a^2:  da = 2 a dy
  ReduceSumSquare: (step) => {
    const { graph, a, dy } = step
    return [() => op.mul(graph, op.mul(graph, a, op.scalar(graph, 2, a.type)), widen(step, dy)), null]
  },

  // y[i] = sum of a[j] over j <= i:  da[j] = sum of dy[i] over i >= j, the running sum from the other end
  CumSum: ({ graph, node, dy }) => {
    const axis = constantInput(graph, node, 1)[0] ?? 0
    const options = { reverse: numberOf(node, 'reverse', 0) === 0, exclusive: numberOf(node, 'exclusive', 0) === 1 }
    return [() => op.cumSum(graph, dy, axis, options), null]
  }
}

/** Number of entries along the axes, in x's type. */
function countOf(graph: Graph, x: Value, axes: readonly number[]): Value {
  const count = sizeOf(axes.map((axis) => dimAt(x.shape, axis)))
  if (typeof count === 'number') return op.scalar(graph, count, x.type)
  return op.cast(graph, op.reshape(graph, op.dimValue(graph, count, [x]), []), x.type)
}
