/** Moving and joining elements without computing: reshape, transpose, concat, slice and their like. */
import { assert } from '../../../shared/errors'
import { addNode, addNodes, int, ints } from '../create'
import { addDims, broadcastShapes, canonical, dimAt, divideDims, normaliseAxis, sameShape, sizeOf, subtractDims } from '../dims'
import type { Dim, Graph, Value } from '../types'
import { int64s } from './constants'
import { dimValue, dimVector } from './sizes'

/**
 * The same elements in the same order as `shape`. Symbols of `shape` are taken from x (0 = "as in x", -1 = "what is left") or,
 * where that is not enough, computed from the graph's shapes.
 */
export function reshape(graph: Graph, x: Value, shape: readonly Dim[]): Value {
  const target = shape.map(canonical)
  if (sameShape(target, x.shape)) return x
  assert(divideDims(sizeOf(x.shape), 1) === sizeOf(target), `Reshape: ${x.name} [${x.shape.join(', ')}] has as many elements as [${target.join(', ')}]`)
  return addNode(graph, { op: 'Reshape', inputs: [x, reshapeTarget(graph, x, target)] }, { type: x.type, shape: target })
}

function reshapeTarget(graph: Graph, x: Value, target: readonly Dim[]): Value {
  const kept = (dim: Dim, axis: number): boolean => dim === x.shape[axis]
  const open = target.flatMap((dim, axis) => (typeof dim === 'string' && !kept(dim, axis) ? [axis] : []))
  // The hardest size to compute, an expression that x does not have, is left to the runtime.
  const inferred = open.find((axis) => !x.shape.includes(dimAt(target, axis))) ?? open[0]
  if (open.length <= 1) {
    return int64s(graph, target.map((dim, axis) => (typeof dim === 'number' ? dim : axis === inferred ? -1 : 0)))
  }
  const parts = target.map((dim, axis) => {
    if (typeof dim === 'number') return int64s(graph, [dim])
    if (axis === inferred) return int64s(graph, [-1])
    return kept(dim, axis) ? int64s(graph, [0]) : dimValue(graph, dim, [x])
  })
  return concat(graph, parts, 0)
}

/** Axis i of the result is axis order[i] of x; reversed by default. */
export function transpose(graph: Graph, x: Value, order: readonly number[] = x.shape.map((_, axis) => x.shape.length - 1 - axis)): Value {
  assert(order.length === x.shape.length && new Set(order).size === order.length, `Transpose: [${order.join(', ')}] orders every axis of ${x.name}`)
  if (order.every((from, to) => from === to)) return x
  const shape = order.map((axis) => dimAt(x.shape, axis))
  return addNode(graph, { op: 'Transpose', inputs: [x], attributes: { perm: ints(order) } }, { type: x.type, shape })
}

/** Joins along `axis`; the other axes agree. */
export function concat(graph: Graph, values: readonly Value[], axis: number): Value {
  const [first] = values
  assert(first, 'Concat: there is something to join')
  if (values.length === 1) return first
  const at = normaliseAxis(axis, first.shape.length)
  for (const value of values) {
    const agrees = value.shape.length === first.shape.length && value.shape.every((dim, i) => i === at || dim === first.shape[i])
    assert(agrees && value.type === first.type, `Concat: ${value.name} [${value.shape.join(', ')}] fits [${first.shape.join(', ')}] outside axis ${at}`)
  }
  const joined = values.map((value) => dimAt(value.shape, at)).reduce(addDims)
  const shape = first.shape.map((dim, i) => (i === at ? joined : dim))
  return addNode(graph, { op: 'Concat', inputs: values, attributes: { axis: int(at) } }, { type: first.type, shape })
}

/** Elements start..end-1 of `axis`. A negative size counts from the end; without `end`, to the end. Symbols are allowed. */
export function slice(graph: Graph, x: Value, axis: number, start: Dim, end?: Dim): Value {
  const at = normaliseAxis(axis, x.shape.length)
  const size = dimAt(x.shape, at)
  const fromStart = (position: Dim): Dim => (typeof position === 'number' && position < 0 ? addDims(size, position) : position)
  const stop = end === undefined ? size : fromStart(end)
  const length = subtractDims(stop, fromStart(start))
  assert(typeof length === 'string' || length >= 0, `Slice: ${start}..${end ?? ''} of axis ${at} of ${x.name} is not reversed`)
  assert(typeof stop === 'string' || typeof size === 'string' || stop <= size, `Slice: ${stop} lies within axis ${at} of ${x.name}`)
  const shape = x.shape.map((dim, i) => (i === at ? length : dim))
  const last = end === undefined ? int64s(graph, [Number.MAX_SAFE_INTEGER]) : dimValue(graph, end, [x])
  return addNode(graph, { op: 'Slice', inputs: [x, dimValue(graph, start, [x]), last, int64s(graph, [at])] }, { type: x.type, shape })
}

/** Cuts `axis` into pieces of the given sizes. */
export function split(graph: Graph, x: Value, axis: number, sizes: readonly Dim[]): Value[] {
  const at = normaliseAxis(axis, x.shape.length)
  assert(sizes.reduce(addDims, 0) === dimAt(x.shape, at), `Split: ${sizes.join(' + ')} is the size of axis ${at} of ${x.name}`)
  const made = sizes.map((size) => ({ type: x.type, shape: x.shape.map((dim, i) => (i === at ? size : dim)) }))
  return addNodes(graph, { op: 'Split', inputs: [x, dimVector(graph, sizes, [x])], attributes: { axis: int(at) } }, made)
}

/** Drops axes of size 1. */
export function squeeze(graph: Graph, x: Value, axes: readonly number[]): Value {
  const drop = axes.map((axis) => normaliseAxis(axis, x.shape.length))
  for (const axis of drop) assert(x.shape[axis] === 1, `Squeeze: axis ${axis} of ${x.name} [${x.shape.join(', ')}] has size 1`)
  const shape = x.shape.filter((_, axis) => !drop.includes(axis))
  return addNode(graph, { op: 'Squeeze', inputs: [x, int64s(graph, drop)] }, { type: x.type, shape })
}

/** Inserts axes of size 1 at the given places of the result. */
export function unsqueeze(graph: Graph, x: Value, axes: readonly number[]): Value {
  const rank = x.shape.length + axes.length
  const places = axes.map((axis) => normaliseAxis(axis, rank))
  const rest = [...x.shape]
  const shape = Array.from({ length: rank }, (_, axis) => (places.includes(axis) ? 1 : (rest.shift() ?? 1)))
  return addNode(graph, { op: 'Unsqueeze', inputs: [x, int64s(graph, places)] }, { type: x.type, shape })
}

/** Repeats axes of size 1 until the result has `shape` (broadcasting x to it). `sources` are values that know its symbols. */
export function expand(graph: Graph, x: Value, shape: readonly Dim[], sources: readonly Value[] = []): Value {
  const target = shape.map(canonical)
  if (sameShape(x.shape, target)) return x
  assert(sameShape(broadcastShapes(x.shape, target, 'Expand'), target), `Expand: ${x.name} [${x.shape.join(', ')}] broadcasts to [${target.join(', ')}]`)
  return addNode(graph, { op: 'Expand', inputs: [x, dimVector(graph, target, [...sources, x])] }, { type: x.type, shape: target })
}

/** Keeps the triangle of the last two axes: below and including diagonal `k` (upper = false), or above and including it. The rest is 0. */
export function trilu(graph: Graph, x: Value, options: { upper: boolean; k?: number }): Value {
  const attributes = { upper: int(Number(options.upper)) }
  const k = options.k === undefined ? null : int64s(graph, [options.k])
  return addNode(graph, { op: 'Trilu', inputs: [x, k && squeeze(graph, k, [0])], attributes }, x)
}
