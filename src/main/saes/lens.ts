/**
 * Static logit lens of a decoder row: unembedding x (final norm's gain * row), the row's mean removed first where the final norm
 * removes it (LayerNorm). The norm's per-token scale is left out, so weights rank tokens but are not logits (docs/glossary.md).
 */
import { assert } from '../../shared/errors'
import type { Device } from '../../shared/records/model'
import { addExternal, addInput, addOutput, createGraph } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Model } from '../models/types'
import { f32, floatsOf } from '../runtime/tensors'
import type { OpenSession } from '../runtime/types'

/** What a direction promotes, as one number for each token of the vocabulary. */
export interface Lens {
  /** Direction [d_model] -> weights [d_vocab]. */
  weigh(direction: Float32Array): Promise<Float32Array>
  release(): Promise<void>
}

/** Loads the lens of a model: its final gain and unembedding. */
export async function createLens(openSession: OpenSession, model: Model, device: Device): Promise<Lens> {
  const session = await openSession(buildLensGraph(model), { folder: model.folder, device, doing: `loading the unembedding of ${model.name}` })
  return {
    weigh: async (direction) => floatsOf(await session.run({ direction: f32([1, model.config.d_model], direction) }), 'weights'),
    release: () => session.release()
  }
}

function buildLensGraph(model: Model): Graph {
  const graph = createGraph(`lens ${model.name}`)
  const { unembed, gain, centre } = model.architecture.lens(model.config, model.rawConfig)
  const direction = addInput(graph, 'direction', 'float32', [1, model.config.d_model])
  const centred = centre ? op.sub(graph, direction, op.reduceMean(graph, direction, { axes: [1], keep: true })) : direction
  const weights = op.matMul(graph, op.mul(graph, centred, weight(graph, model, gain)), weight(graph, model, unembed), { transB: true })
  addOutput(graph, 'weights', op.squeeze(graph, weights, [0]))
  return graph
}

function weight(graph: Graph, model: Model, name: string): Value {
  const ref = model.weights.get(name)
  assert(ref, `the model ${model.name} has the weight ${name}`)
  const { type, shape, file, offset, length } = ref
  return op.cast(graph, addExternal(graph, name, type, shape, { file, offset, length }), 'float32')
}
