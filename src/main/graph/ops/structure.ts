/** Moving elements without computing: reshape, transpose, slice and their like. */
import { assert } from '../../../shared/errors'
import { addNode, addNodes, int, ints } from '../create'
import { addDims, broadcastShapes, canonical, dimAt, normaliseAxis, sameShape, sizeOf, subtractDims } from '../dims'
import type { Dim, ElementType, Graph, Value } from '../types'
import { concat } from './concat'
import { constant, int64s } from './constants'
import { dimValue, dimVector } from './sizes'

/**
 * The same elements in the same order as `shape`. Symbols of `shape` are taken from x (0 = "as in x", -1 = "what is left") or,
 * where that is not enough, computed from the shapes of `sources` and the graph's inputs.
 */
export function reshape(graph: Graph, x: Value, shape: readonly Dim[], sources: readonly Value[] = []): Value {
  const target = shape.map(canonical)
  if (sameShape(target, x.shape)) return x
  assert(sizeOf(x.shape) === sizeOf(target), `Reshape: ${x.name} [${x.shape.join(', ')}] has as many elements as [${target.join(', ')}]`)
  return addNode(graph, { op: 'Reshape', inputs: [x, reshapeTarget(graph, x, target, sources)] }, { type: x.type, shape: target })
}

function reshapeTarget(graph: Graph, x: Value, target: readonly Dim[], sources: readonly Value[]): Value {
  const kept = (dim: Dim, axis: number): boolean => dim === x.shape[axis]
  const open = target.flatMap((dim, axis) => (typeof dim === 'string' && !kept(dim, axis) ? [axis] : []))
  // The hardest size to compute, an expression that x does not have, is left to the runtime.
  const inferred = open.find((axis) => !x.shape.includes(dimAt(target, axis))) ?? open[0]
  const simple = (dim: Dim, axis: number): number => (typeof dim === 'number' ? dim : axis === inferred ? -1 : 0)
  if (open.length <= 1) return int64s(graph, target.map(simple))
  const computed = (dim: Dim, axis: number): boolean => open.includes(axis) && axis !== inferred
  const parts = target.map((dim, axis) =>
    computed(dim, axis) ? dimValue(graph, dim, [x, ...sources]) : int64s(graph, [simple(dim, axis)])
  )
  return concat(graph, parts, 0)
}

/** Axis i of the result is axis order[i] of x; reversed by default. */
export function transpose(graph: Graph, x: Value, order: readonly number[] = x.shape.map((_, axis) => x.shape.length - 1 - axis)): Value {
  assert(
    order.length === x.shape.length && new Set(order).size === order.length,
    `Transpose: [${order.join(', ')}] orders every axis of ${x.name}`
  )
  if (order.every((from, to) => from === to)) return x
  const shape = order.map((axis) => dimAt(x.shape, axis))
  return addNode(graph, { op: 'Transpose', inputs: [x], attributes: { perm: ints(order) } }, { type: x.type, shape })
}

/**
 * Elements start..end-1 of `axis`. A negative size counts from the end; without `end`, to the end. Symbols are allowed; `sources`
 * are values that know them. The node always holds positions from the start.
 */
export function slice(graph: Graph, x: Value, axis: number, start: Dim, end?: Dim, sources: readonly Value[] = []): Value {
  const at = normaliseAxis(axis, x.shape.length)
  const size = dimAt(x.shape, at)
  const fromStart = (position: Dim): Dim => (typeof position === 'number' && position < 0 ? addDims(size, position) : position)
  const [first, last] = [fromStart(start), end === undefined ? size : fromStart(end)]
  const length = subtractDims(last, first)
  assert(typeof length === 'string' || length >= 0, `Slice: ${first}..${last} of axis ${at} of ${x.name} is not reversed`)
  assert(typeof last === 'string' || typeof size === 'string' || last <= size, `Slice: ${last} lies within axis ${at} of ${x.name}`)
  if (length === size) return x
  const shape = x.shape.map((dim, i) => (i === at ? length : dim))
  const bounds = [first, last].map((position) => dimValue(graph, position, [x, ...sources]))
  return addNode(graph, { op: 'Slice', inputs: [x, ...bounds, int64s(graph, [at])] }, { type: x.type, shape })
}

/** Adds `before` and `after` zeros along `axis`; both are int64 [1] values together with the sizes they stand for. */
export function pad(graph: Graph, x: Value, axis: number, before: Size, after: Size): Value {
  const at = normaliseAxis(axis, x.shape.length)
  const shape = x.shape.map((dim, i) => (i === at ? [before.size, after.size].reduce(addDims, dim) : dim))
  const amounts = concat(graph, [before.value, after.value], 0)
  const zero = constant(graph, x.type, [], [0])
  return addNode(graph, { op: 'Pad', inputs: [x, amounts, zero, int64s(graph, [at])] }, { type: x.type, shape })
}

/** A size as the graph computes it, int64 [1], and as shapes write it. */
export interface Size {
  readonly value: Value
  readonly size: Dim
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
  assert(
    sameShape(broadcastShapes(x.shape, target, 'Expand'), target),
    `Expand: ${x.name} [${x.shape.join(', ')}] broadcasts to [${target.join(', ')}]`
  )
  return addNode(graph, { op: 'Expand', inputs: [x, dimVector(graph, target, [...sources, x])] }, { type: x.type, shape: target })
}

/** Keeps the triangle of the last two axes: below and including diagonal `k` (upper = false), or above and including it. The rest is 0. */
export function trilu(graph: Graph, x: Value, options: { upper: boolean; k?: number }): Value {
  const attributes = { upper: int(Number(options.upper)) }
  const inputs = options.k === undefined ? [x] : [x, constant(graph, 'int64', [], [options.k])]
  return addNode(graph, { op: 'Trilu', inputs, attributes }, x)
}

/** A tensor of one number repeated to `shape`. `sources` are values that know its symbols. */
export function full(
  graph: Graph,
  number: number,
  like: { type: ElementType; shape: readonly Dim[] },
  sources: readonly Value[] = []
): Value {
  return expand(graph, constant(graph, like.type, [], [number]), like.shape, sources)
}
