/** Rules of ops that move elements. */
import { addDims, dimAt, sameShape, subtractDims } from '../../graph/dims'
import * as op from '../../graph/ops'
import type { Dim, Graph, Value } from '../../graph/types'
import { axisOf, constantInput, constantOf, numberOf } from '../read'
import type { Pull, Rule, Rules } from '../types'

/** y holds a's elements in the same order:  da = dy in a's shape */
const sameElements: Rule = ({ graph, a, dy }) => [() => op.reshape(graph, dy, a.shape, [a])]

export const structure: Rules = {
  Reshape: sameElements,
  Squeeze: sameElements,
  Unsqueeze: sameElements,

  // y = a with axes reordered by p:  da = dy reordered by the inverse of p
  Transpose: ({ graph, node, dy }) => {
    const order = node.attributes.perm?.kind === 'ints' ? node.attributes.perm.value : []
    return [
      () =>
        op.transpose(
          graph,
          dy,
          order.map((_, axis) => order.indexOf(axis))
        )
    ]
  },

  // y = a repeated along axes:  da = dy summed over them, which `gradient` does
  Expand: ({ dy }) => [() => dy],

  // y = [x0, x1, ..]:  dxi = the part of dy where xi was put
  Concat: ({ graph, node, y, dy }) => {
    const parts = node.inputs.filter((input) => input !== null)
    const axis = axisOf(node, y)
    let end: Dim = 0
    return parts.map((part): Pull => {
      const start = end
      end = addDims(start, dimAt(part.shape, axis))
      const stop = end
      return () => op.slice(graph, dy, axis, start, stop, parts)
    })
  },

  // (y0, y1, ..) = a cut along an axis:  da = [dy0, dy1, ..], zeros for a piece that nothing depends on
  Split: ({ graph, node, a, gradientOf }) => [
    () => {
      const pieces = node.outputs.map((output, index) => gradientOf(index) ?? op.full(graph, 0, output, [output]))
      return op.concat(graph, pieces, axisOf(node, a))
    }
  ],

  // y = a[start..end-1] of one axis:  da = dy with zeros around it
  Slice: ({ graph, node, a, b, y, dy }) => {
    const axis = constantInput(graph, node, 3)[0] ?? 0
    return [
      () => {
        const [before, after] = margins(graph, a, y, b, axis)
        return op.pad(graph, dy, axis, before, after)
      }
    ]
  },

  // y = a with zeros before and after it on one axis:  da = the part of dy in between
  Pad: ({ graph, node, a, b, dy }) => {
    const axis = constantInput(graph, node, 3)[0] ?? 0
    return [() => middle(graph, dy, a, b, axis)]
  },

  // y = a's triangle:  da = the same triangle of dy
  Trilu: ({ graph, node, dy }) => {
    const k = constantOf(graph, node.inputs[1] ?? null)?.[0]
    const options = { upper: numberOf(node, 'upper', 1) === 1, ...(k === undefined ? {} : { k }) }
    return [() => op.trilu(graph, dy, options)]
  }
}

/** How much of `a` lies before and after its slice `y`, whose first position is `start` (int64 [1]). */
function margins(graph: Graph, a: Value, y: Value, start: Value, axis: number): [op.Size, op.Size] {
  const [whole, part] = [dimAt(a.shape, axis), dimAt(y.shape, axis)]
  const known = constantOf(graph, start)?.[0]
  const first = known ?? `(start of ${y.name})`
  const rest = subtractDims(subtractDims(whole, part), first)
  if (typeof rest === 'number')
    return [
      { value: start, size: first },
      { value: op.int64s(graph, [rest]), size: rest }
    ]
  const length = op.sub(graph, op.dimOf(graph, a, axis), op.dimOf(graph, y, axis))
  return [
    { value: start, size: first },
    { value: op.sub(graph, length, start), size: rest }
  ]
}

/** The part of dy that belongs to `a` when `amounts` (int64 [2]) zeros were put around it. */
function middle(graph: Graph, dy: Value, a: Value, amounts: Value, axis: number): Value {
  const before = op.slice(graph, amounts, 0, 0, 1)
  const positions = op.iota(graph, op.dimOf(graph, a, axis), dimAt(a.shape, axis))
  const picked = op.gather(graph, dy, op.add(graph, positions, before), axis)
  return sameShape(picked.shape, a.shape) ? picked : op.reshape(graph, picked, a.shape, [a])
}
