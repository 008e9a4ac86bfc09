/** Rules of reading and writing by index. What was read several times collects several gradients. */
import * as op from '../../graph/ops'
import type { Graph, Value } from '../../graph/types'
import { axisOf, textOf } from '../read'
import type { Rules } from '../types'

const zerosLike = (graph: Graph, x: Value): Value => op.full(graph, 0, x, [x])

export const indexing: Rules = {
  // y = a[.., indices, ..] along an axis:  da = zeros, with dy added at the indices
  Gather: ({ graph, node, a, b, dy }) => [() => scatterSlices(graph, a, b, dy, axisOf(node, a)), null],

  // y[i][j] = a[b[i][j]][j]:  da = zeros, with dy[i][j] added at [b[i][j]][j]
  GatherElements: ({ graph, node, a, b, dy }) => [
    () => op.scatterElements(graph, zerosLike(graph, a), b, dy, axisOf(node, a), 'add'),
    null
  ],

  // y[..] = a[b[..]], b holding positions on the first axes:  da = zeros, with dy added at b
  GatherND: ({ graph, a, b, dy }) => [() => op.scatterND(graph, zerosLike(graph, a), b, dy, 'add'), null],

  // y = a, with c written (or added) at b:  da = dy, 0 where it was overwritten;  dc = dy read at b
  ScatterElements: ({ graph, node, a, b, c, dy }) => {
    const axis = axisOf(node, a)
    const overwritten = textOf(node, 'reduction') !== 'add'
    return [
      () => (overwritten ? op.scatterElements(graph, dy, b, zerosLike(graph, c), axis) : dy),
      null,
      () => op.gatherElements(graph, dy, b, axis)
    ]
  },

  // y = a, with c written (or added) at the positions b:  da = dy, 0 where it was overwritten;  dc = dy read at b
  ScatterND: ({ graph, node, b, c, dy }) => {
    const overwritten = textOf(node, 'reduction') !== 'add'
    return [() => (overwritten ? op.scatterND(graph, dy, b, zerosLike(graph, c)) : dy), null, () => op.gatherND(graph, dy, b)]
  },

  // (y, indices) = the k largest of a:  da = zeros, with dy put at the indices
  TopK: ({ graph, node, a, dy }) => {
    const indices = node.outputs[1]
    return [indices ? () => op.scatterElements(graph, zerosLike(graph, a), indices, dy, axisOf(node, a), 'add') : null, null]
  }
}

/** Adds the slices dy [before.., indices.., after..] to zeros of x's shape, at `indices` of `axis`. */
function scatterSlices(graph: Graph, x: Value, indices: Value, dy: Value, axis: number): Value {
  const places = op.unsqueeze(graph, indices, [indices.shape.length])
  if (axis === 0) return op.scatterND(graph, zerosLike(graph, x), places, dy, 'add')
  // ScatterND writes along the first axis, so `axis` is brought there and taken back.
  const before = Array.from({ length: axis }, (_, i) => i)
  const after = x.shape.slice(axis + 1).map((_, i) => axis + 1 + i)
  const indexAxes = indices.shape.map((_, i) => axis + i)
  const shift = indices.shape.length - 1
  const dyFirst = op.transpose(graph, dy, [...indexAxes, ...before, ...after.map((i) => i + shift)])
  const zerosFirst = op.transpose(graph, zerosLike(graph, x), [axis, ...before, ...after])
  const sum = op.scatterND(graph, zerosFirst, places, dyFirst, 'add')
  return op.transpose(graph, sum, [...before.map((i) => i + 1), 0, ...after])
}
