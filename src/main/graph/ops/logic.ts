/** Comparisons, boolean logic and selection. Everything broadcasts; results are bool except `where`. */
import { assert } from '../../../shared/errors'
import { addNode } from '../create'
import { broadcastShapes } from '../dims'
import type { Graph, Value } from '../types'

const comparison =
  (op: string) =>
  (graph: Graph, a: Value, b: Value): Value => {
    assert(a.type === b.type, `${op}: ${a.name} (${a.type}) and ${b.name} (${b.type}) have one element type`)
    return addNode(graph, { op, inputs: [a, b] }, { type: 'bool', shape: broadcastShapes(a.shape, b.shape, op) })
  }

const test =
  (op: string) =>
  (graph: Graph, x: Value): Value =>
    addNode(graph, { op, inputs: [x] }, { type: 'bool', shape: x.shape })

/** a = b */
export const equal = comparison('Equal')
/** a < b */
export const less = comparison('Less')
/** a <= b */
export const lessOrEqual = comparison('LessOrEqual')
/** a > b */
export const greater = comparison('Greater')
/** a >= b */
export const greaterOrEqual = comparison('GreaterOrEqual')
/** Both true. */
export const and = comparison('And')
/** At least one true. */
export const or = comparison('Or')
/** The opposite of a bool. */
export const not = test('Not')
/** x is not a number. */
export const isNaN = test('IsNaN')
/** x is infinite. */
export const isInf = test('IsInf')

/** a where `condition` (bool) is true, b elsewhere. */
export function where(graph: Graph, condition: Value, a: Value, b: Value): Value {
  assert(condition.type === 'bool', `Where: the condition ${condition.name} is bool, not ${condition.type}`)
  assert(a.type === b.type, `Where: ${a.name} (${a.type}) and ${b.name} (${b.type}) have one element type`)
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape, 'Where'), 'Where')
  return addNode(graph, { op: 'Where', inputs: [condition, a, b] }, { type: a.type, shape })
}
