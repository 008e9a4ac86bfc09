/** Reductions over axes. Without `axes` they reduce everything. */
import { addNode, int } from '../create'
import { normaliseAxis } from '../dims'
import type { Dim, Graph, Value } from '../types'
import { int64s } from './constants'

export interface ReduceOptions {
  readonly axes?: readonly number[]
  /** Keep the reduced axes with size 1. */
  readonly keep?: boolean
}

const reduction =
  (op: string) =>
  (graph: Graph, x: Value, options: ReduceOptions = {}): Value => {
    const axes = (options.axes ?? x.shape.map((_, axis) => axis)).map((axis) => normaliseAxis(axis, x.shape.length))
    if (axes.length === 0) return x
    const keep = options.keep ?? false
    const shape = reducedShape(x.shape, axes, keep)
    return addNode(graph, { op, inputs: [x, int64s(graph, axes)], attributes: { keepdims: int(Number(keep)) } }, { type: x.type, shape })
  }

/** Sum over axes. */
export const reduceSum = reduction('ReduceSum')
/** Mean over axes. */
export const reduceMean = reduction('ReduceMean')
/** Largest entry over axes. */
export const reduceMax = reduction('ReduceMax')
/** Smallest entry over axes. */
export const reduceMin = reduction('ReduceMin')
/** Sum of squares over axes. */
export const reduceSumSquare = reduction('ReduceSumSquare')

/** Index of the largest entry along `axis` (the first of equals), int64. */
export function argMax(graph: Graph, x: Value, axis: number, keep = false): Value {
  const at = normaliseAxis(axis, x.shape.length)
  const attributes = { axis: int(at), keepdims: int(Number(keep)) }
  return addNode(graph, { op: 'ArgMax', inputs: [x], attributes }, { type: 'int64', shape: reducedShape(x.shape, [at], keep) })
}

/** Running sum along `axis`; from the end when `reverse`, without the entry itself when `exclusive`. */
export function cumSum(graph: Graph, x: Value, axis: number, options: { reverse?: boolean; exclusive?: boolean } = {}): Value {
  const at = normaliseAxis(axis, x.shape.length)
  const attributes = { reverse: int(Number(options.reverse ?? false)), exclusive: int(Number(options.exclusive ?? false)) }
  return addNode(graph, { op: 'CumSum', inputs: [x, int64s(graph, [at])], attributes }, x)
}

function reducedShape(shape: readonly Dim[], axes: readonly number[], keep: boolean): Dim[] {
  return keep ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)) : shape.filter((_, axis) => !axes.includes(axis))
}
