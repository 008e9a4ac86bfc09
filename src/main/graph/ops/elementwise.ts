/** Elementwise arithmetic. Binary ops broadcast (dims.ts) and want equal element types. */
import { assert } from '../../../shared/errors'
import { addNode } from '../create'
import { broadcastShapes } from '../dims'
import type { Graph, Value } from '../types'

type Unary = (graph: Graph, x: Value) => Value
type Binary = (graph: Graph, a: Value, b: Value) => Value

const unary =
  (op: string): Unary =>
  (graph, x) =>
    addNode(graph, { op, inputs: [x] }, x)

const binary =
  (op: string): Binary =>
  (graph, a, b) => {
    assert(a.type === b.type, `${op}: ${a.name} (${a.type}) and ${b.name} (${b.type}) have one element type`)
    return addNode(graph, { op, inputs: [a, b] }, { type: a.type, shape: broadcastShapes(a.shape, b.shape, op) })
  }

/** a + b */
export const add = binary('Add')
/** a - b */
export const sub = binary('Sub')
/** a b, elementwise */
export const mul = binary('Mul')
/** a / b */
export const div = binary('Div')
/** a^b */
export const pow = binary('Pow')
/** The smaller of a and b. */
export const min = binary('Min')
/** The larger of a and b. */
export const max = binary('Max')

/** -x */
export const neg = unary('Neg')
/** Square root of x. */
export const sqrt = unary('Sqrt')
/** 1 / x */
export const reciprocal = unary('Reciprocal')
/** e^x */
export const exp = unary('Exp')
/** Natural logarithm of x. */
export const log = unary('Log')
/** Hyperbolic tangent of x. */
export const tanh = unary('Tanh')
/** 1 / (1 + e^-x) */
export const sigmoid = unary('Sigmoid')
/** max(x, 0) */
export const relu = unary('Relu')
/** Error function of x. The runtime has no float64 kernel. */
export const erf = unary('Erf')
/** |x| */
export const abs = unary('Abs')
/** -1, 0 or 1 */
export const sign = unary('Sign')
/** Sine of x, in radians. */
export const sin = unary('Sin')
/** Cosine of x, in radians. */
export const cos = unary('Cos')
/** Largest integer not above x. */
export const floor = unary('Floor')

/** x limited to [min, max], scalars; a bound that is left out does not limit. */
export function clip(graph: Graph, x: Value, bounds: { min?: Value; max?: Value }): Value {
  return addNode(graph, { op: 'Clip', inputs: [x, bounds.min ?? null, bounds.max ?? null] }, x)
}
