/** An SAE's weights as values of a graph, whatever way round the file stores them. */
import { assert } from '../../shared/errors'
import { addExternal } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Sae, SaeWeight } from './types'

/** A decoder row of norm 0 belongs to a latent that is never active; this only keeps 0 / 0 away. */
const SMALLEST_NORM = 1e-30

/** The weight as float32, as it is stored. Half precision is cast in the graph; the runtime folds that once, when the session loads. */
export function weight(graph: Graph, sae: Sae, name: SaeWeight): Value {
  return op.cast(graph, stored(graph, sae, name), 'float32')
}

/** Decoder rows of some latents (int64 [U]): float32 [U, d_out]. Only those rows are read and cast, so W_dec may stay on disk. */
export function decoderRowsOf(graph: Graph, sae: Sae, latents: Value): Value {
  const found = op.gather(graph, stored(graph, sae, 'W_dec'), latents, sae.decoderByOutput ? 1 : 0)
  const rows = op.cast(graph, found, 'float32')
  return sae.decoderByOutput ? op.transpose(graph, rows) : rows
}

/** |W_dec[i]| for every latent, [d_sae]. Depends on weights only, so the runtime computes it once, when the session loads. */
export function decoderNorms(graph: Graph, sae: Sae): Value {
  const squares = op.reduceSumSquare(graph, weight(graph, sae, 'W_dec'), { axes: [sae.decoderByOutput ? 0 : 1] })
  return op.max(graph, op.sqrt(graph, squares), op.scalar(graph, SMALLEST_NORM))
}

/** x times a fixed factor. */
export function scaled(graph: Graph, x: Value, factor: number): Value {
  return factor === 1 ? x : op.mul(graph, x, op.scalar(graph, factor))
}

function stored(graph: Graph, sae: Sae, name: SaeWeight): Value {
  const known = graph.initializers.get(name)
  if (known) return known.value
  const ref = sae.weights.get(name)
  assert(ref, `the SAE ${sae.name} has the weight ${name}`)
  return addExternal(graph, name, ref.type, ref.shape, ref)
}
