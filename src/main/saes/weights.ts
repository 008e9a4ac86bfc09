/** An SAE's weights as values of a graph, whatever way round the file stores them. */
import { assert } from '../../shared/errors'
import { addConstant, addExternal } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { WeightRef } from '../tensors/types'
import type { Sae, SaeWeight } from './types'

/** A decoder row of norm 0 belongs to a latent that is never active; this only keeps 0 / 0 away. */
const SMALLEST_NORM = 1e-30

/** The weight as float32, as it is stored. Half precision is cast in the graph; the runtime folds that once, when the session loads. */
export function weight(graph: Graph, sae: Sae, name: SaeWeight): Value {
  const length = name === 'b_enc' ? sae.d_sae : sae.d_out
  // A bias that a file leaves out is 0.
  if ((name === 'b_enc' || name === 'b_dec') && !sae.weights.has(name)) return op.float32s(graph, [length], new Float32Array(length))
  return op.cast(graph, stored(graph, sae, name), 'float32')
}

/** Decoder rows of some latents (int64 [U]): float32 [U, d_out]. Only those rows are read and cast, so W_dec may stay on disk. */
export function decoderRowsOf(graph: Graph, sae: Sae, latents: Value): Value {
  const found = op.gather(graph, stored(graph, sae, 'W_dec'), latents, sae.decoderByOutput ? 1 : 0)
  const rows = op.cast(graph, found, 'float32')
  return sae.decoderByOutput ? op.transpose(graph, rows) : rows
}

/** |W_dec[i]| for every latent, [d_sae], as read.ts has summed them. */
export function decoderNorms(graph: Graph, norms: Float32Array): Value {
  return addConstant(
    graph,
    'decoder_norms',
    'float32',
    [norms.length],
    norms.map((norm) => Math.max(norm, SMALLEST_NORM))
  )
}

/** x times a fixed factor. */
export function scaled(graph: Graph, x: Value, factor: number): Value {
  return factor === 1 ? x : op.mul(graph, x, op.scalar(graph, factor))
}

/** Numbers of a slice in float32: 64 MiB. */
const SLICE = 2 ** 24

/** Rows `first` to `first + count` of a stored matrix, as float32. */
export interface Slice {
  readonly first: number
  readonly count: number
  readonly value: Value
}

/**
 * A matrix in slices of rows, each cast for itself where it is used, so that there is never a float32 copy of the whole; one slice
 * where it is float32 already or does not lie in its file as it is needed.
 */
export function slices(graph: Graph, sae: Sae, name: 'W_enc'): Slice[] {
  const ref = refOf(sae, name)
  const [rows = 0, columns = 0] = ref.shape
  if (ref.type === 'float32' || ref.load !== undefined) return [{ first: 0, count: rows, value: weight(graph, sae, name) }]
  const each = Math.max(1, Math.floor(SLICE / columns))
  return Array.from({ length: Math.ceil(rows / each) }, (_, index) => {
    const first = index * each
    const count = Math.min(each, rows - first)
    const [offset, length] = [ref.offset + (first / rows) * ref.length, (count / rows) * ref.length]
    const value = addExternal(graph, `${name}_${index}`, ref.type, [count, columns], { file: ref.file, offset, length })
    return { first, count, value: op.cast(graph, value, 'float32') }
  })
}

function stored(graph: Graph, sae: Sae, name: SaeWeight): Value {
  const known = graph.initializers.get(name)
  if (known) return known.value
  const ref = refOf(sae, name)
  return addExternal(graph, name, ref.type, ref.shape, ref)
}

function refOf(sae: Sae, name: SaeWeight): WeightRef {
  const ref = sae.weights.get(name)
  assert(ref, `the SAE ${sae.name} has the weight ${name}`)
  return ref
}
