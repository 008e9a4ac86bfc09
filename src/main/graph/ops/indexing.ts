/** Reading and writing by index. Indices are int64 and may count from the end. */
import { assert } from '../../../shared/errors'
import { addNode, addNodes, freshSymbol, int, text } from '../create'
import { normaliseAxis, sameShape } from '../dims'
import type { Dim, Graph, Value } from '../types'
import { int64s } from './constants'
import { reshape } from './structure'

/** Whole slices of `axis`: x [a, n, b], indices [i..] -> [a, i.., b]. */
export function gather(graph: Graph, x: Value, indices: Value, axis = 0): Value {
  const at = normaliseAxis(axis, x.shape.length)
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)]
  return addNode(graph, { op: 'Gather', inputs: [x, indices], attributes: { axis: int(at) } }, { type: x.type, shape })
}

/** One element of `axis` for each entry of `indices`: out[i][j] = x[indices[i][j]][j] for axis 0. */
export function gatherElements(graph: Graph, x: Value, indices: Value, axis: number): Value {
  assert(x.shape.length === indices.shape.length, `GatherElements: ${x.name} and ${indices.name} have one rank`)
  const attributes = { axis: int(normaliseAxis(axis, x.shape.length)) }
  return addNode(graph, { op: 'GatherElements', inputs: [x, indices], attributes }, { type: x.type, shape: indices.shape })
}

/** What happens where an entry is written: replaced or added to. */
export type Reduction = 'none' | 'add'

/** x with out[indices[i][j]][j] = updates[i][j] (axis 0), replacing or adding. */
export function scatterElements(
  graph: Graph,
  x: Value,
  indices: Value,
  updates: Value,
  axis: number,
  reduction: Reduction = 'none'
): Value {
  assert(sameShape(indices.shape, updates.shape), `ScatterElements: ${indices.name} and ${updates.name} have one shape`)
  const attributes = { axis: int(normaliseAxis(axis, x.shape.length)), reduction: text(reduction) }
  return addNode(graph, { op: 'ScatterElements', inputs: [x, indices, updates], attributes }, x)
}

/** x [n0, .., rest] with out[indices[i]] = updates[i] (indices [m, depth]; updates [m, rest]), replacing or adding. */
export function scatterND(graph: Graph, x: Value, indices: Value, updates: Value, reduction: Reduction = 'none'): Value {
  return addNode(graph, { op: 'ScatterND', inputs: [x, indices, updates], attributes: { reduction: text(reduction) } }, x)
}

/** Entries along the first axes: indices [.., depth] -> [.., rest of x's axes after depth]. */
export function gatherND(graph: Graph, x: Value, indices: Value): Value {
  const depth = indices.shape.at(-1)
  assert(typeof depth === 'number', `GatherND: the last axis of ${indices.name} has a known size`)
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)]
  return addNode(graph, { op: 'GatherND', inputs: [x, indices] }, { type: x.type, shape })
}

/** start, start + step, .. below `end`, all rank 0; `size` is what the length is known to be. */
export function range(graph: Graph, start: Value, end: Value, step: Value, size: Dim): Value {
  return addNode(graph, { op: 'Range', inputs: [start, end, step] }, { type: start.type, shape: [size] })
}

/** 0, 1, .. size - 1 as int64 [size], where `size` comes as an int64 [1] value. */
export function iota(graph: Graph, count: Value, size: Dim): Value {
  const zero = reshape(graph, int64s(graph, [0]), [])
  const one = reshape(graph, int64s(graph, [1]), [])
  return range(graph, zero, reshape(graph, count, []), one, size)
}

/** Indices of the entries that are not 0, in row-major order: int64 [rank, count], count a fresh symbol. */
export function nonZero(graph: Graph, x: Value): Value {
  return addNode(graph, { op: 'NonZero', inputs: [x] }, { type: 'int64', shape: [x.shape.length, freshSymbol(graph, 'nonzero')] })
}

/**
 * The k largest entries along `axis`, largest first, and their indices (int64). `k` is a number, or an int64 [1] value
 * together with the size it stands for.
 */
export function topK(graph: Graph, x: Value, k: number | { value: Value; size: Dim }, axis = -1): { values: Value; indices: Value } {
  const at = normaliseAxis(axis, x.shape.length)
  const [count, size] = typeof k === 'number' ? [int64s(graph, [k]), k] : [k.value, k.size]
  const shape = x.shape.map((dim, i) => (i === at ? size : dim))
  const attributes = { axis: int(at), largest: int(1), sorted: int(1) }
  const made = [
    { type: x.type, shape },
    { type: 'int64' as const, shape }
  ]
  const [values, indices] = addNodes(graph, { op: 'TopK', inputs: [x, count], attributes }, made)
  assert(values && indices, 'TopK makes two values')
  return { values, indices }
}
