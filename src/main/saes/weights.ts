/** An SAE's tensors as float32 values of a graph, referenced in place. */
import { assert } from '../../shared/errors'
import { addExternal } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Sae } from './types'

/** The tensor `name` of the SAE; half precision is cast in the graph and folded when the session loads. */
export function weightValue(graph: Graph, sae: Sae, name: string): Value {
  const ref = sae.weights.get(name)
  assert(ref, `the SAE ${sae.name} has the tensor ${name}`)
  const { type, shape, file, offset, length } = ref
  return op.cast(graph, addExternal(graph, name, type, shape, { file, offset, length }), 'float32')
}
