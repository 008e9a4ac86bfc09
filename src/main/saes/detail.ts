/**
 * What one latent is known to do. Promoted and suppressed tokens are the static logit lens of its decoder row,
 *
 *   weight = unembed (gain * row), the row centred first where the model's final norm centres,
 *
 * the direct path of the direction to the logits, without the final norm's division and without the layers in between. A soft cap of
 * logits is left out too: it bends what a whole stream adds up to, and one row's share of that is a straight line.
 */
import { assert, fail } from '../../shared/errors'
import type { LatentContext, LatentDetail } from '../../shared/records/latent'
import type { Device } from '../../shared/records/model'
import { addExternal, addInput, addOutput, createGraph } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Model } from '../models/types'
import { f32, floatsOf, integersOf } from '../runtime'
import type { OpenSession } from '../runtime/types'
import { readDirections } from './encoder'
import type { Labels } from './labels'
import type { Sae } from './types'

const SHOWN = 10

type Weighted = LatentDetail['promoted']

/** A model's logit lens, loaded. */
export interface Lens {
  readonly model: Model
  /** Tokens a direction [d_model] pushes up and down most, strongest first. */
  look(direction: Float32Array): Promise<{ promoted: Weighted; suppressed: Weighted }>
  release(): Promise<void>
}

/** Loads the final norm's gain and the unembedding. @throws RUNTIME_FAILED, OUT_OF_MEMORY */
export async function createLens(openSession: OpenSession, model: Model, device: Device): Promise<Lens> {
  const session = await openSession(buildLens(model), { folder: model.folder, device, doing: `loading the logit lens of ${model.name}` })
  return {
    model,
    async look(direction) {
      const outputs = await session.run({ row: f32([1, model.config.d_model], direction) })
      const tokens = (name: string): Weighted => {
        const weights = floatsOf(outputs, `${name}_weights`)
        return integersOf(outputs, `${name}_ids`).map((id, i) => ({ ...model.tokenizer.token(id), weight: weights[i] ?? 0 }))
      }
      return { promoted: tokens('promoted'), suppressed: tokens('suppressed') }
    },
    release: () => session.release()
  }
}

/** Input `row` [1, d_model]; outputs the ids and weights of the highest and lowest tokens. */
function buildLens(model: Model): Graph {
  const graph = createGraph(`${model.name}: logit lens`)
  const { unembed, gain, centre, plusOne } = model.architecture.lens(model.config, model.rawConfig)
  const row = addInput(graph, 'row', 'float32', [1, model.config.d_model])
  const stored = weight(graph, model, gain)
  const factor = plusOne ? op.add(graph, stored, op.scalar(graph, 1)) : stored
  const centred = centre ? op.sub(graph, row, op.reduceMean(graph, row, { axes: [1], keep: true })) : row
  const logits = op.matMul(graph, op.mul(graph, centred, factor), weight(graph, model, unembed), { transB: true })
  const k = Math.min(SHOWN, model.config.d_vocab)
  const highest = op.topK(graph, logits, k)
  const lowest = op.topK(graph, op.neg(graph, logits), k)
  addOutput(graph, 'promoted_ids', highest.indices)
  addOutput(graph, 'promoted_weights', highest.values)
  addOutput(graph, 'suppressed_ids', lowest.indices)
  addOutput(graph, 'suppressed_weights', op.neg(graph, lowest.values))
  return graph
}

function weight(graph: Graph, model: Model, name: string): Value {
  const ref = model.weights.get(name)
  assert(ref, `the model ${model.name} has the tensor ${name}`)
  const { file, offset, length } = ref
  return op.cast(graph, addExternal(graph, ref.name, ref.type, ref.shape, { file, offset, length }), 'float32')
}

/**
 * Label, contexts, decoder norm and logit lens of one latent.
 * @throws LATENT_UNKNOWN, SAE_MODEL_MISMATCH, LABELS_INVALID, and what reading the files may throw
 */
export async function latentDetail(lens: Lens, sae: Sae, labels: Labels, latent: number): Promise<LatentDetail> {
  const { model } = lens
  const { d_model } = model.config
  if (sae.d_in !== d_model)
    fail('SAE_MODEL_MISMATCH', { sae: sae.name, d_in: sae.d_in, hook: sae.hook ?? 'the residual stream', model: model.name, d_model })
  const { raw } = await readDirections(sae, [latent])
  const row = raw.get(latent)
  assert(row, `the decoder row of latent ${latent} was read`)
  const record = await labels.record(latent)
  const contexts = (record?.contexts ?? []).map(({ ids, acts, at }): LatentContext => {
    const unknown = ids.find((id) => id >= model.config.d_vocab)
    if (unknown !== undefined) fail('TOKEN_UNKNOWN', { id: unknown, last: model.config.d_vocab - 1 })
    return { tokens: ids.map((id) => model.tokenizer.token(id)), activations: acts, at }
  })
  return {
    latent,
    label: record?.label ?? null,
    labelSource: record?.label_from ?? null,
    rate: record?.rate ?? null,
    maxActivation: record?.max ?? null,
    decoderNorm: Math.hypot(...row),
    ...(await lens.look(row)),
    contexts
  }
}
