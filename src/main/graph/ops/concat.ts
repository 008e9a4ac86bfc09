/** Joining tensors; apart from structure.ts because sizes are joined too. */
import { assert } from '../../../shared/errors'
import { addNode, int } from '../create'
import { addDims, dimAt, normaliseAxis } from '../dims'
import type { Graph, Value } from '../types'

/** Joins along `axis`; the other axes agree. */
export function concat(graph: Graph, values: readonly Value[], axis: number): Value {
  const [first] = values
  assert(first, 'Concat: there is something to join')
  if (values.length === 1) return first
  const at = normaliseAxis(axis, first.shape.length)
  for (const value of values) {
    const agrees = value.shape.length === first.shape.length && value.shape.every((dim, i) => i === at || dim === first.shape[i])
    assert(
      agrees && value.type === first.type,
      `Concat: ${value.name} [${value.shape.join(', ')}] fits [${first.shape.join(', ')}] outside axis ${at}`
    )
  }
  const joined = values.map((value) => dimAt(value.shape, at)).reduce(addDims)
  const shape = first.shape.map((dim, i) => (i === at ? joined : dim))
  return addNode(graph, { op: 'Concat', inputs: values, attributes: { axis: int(at) } }, { type: first.type, shape })
}
