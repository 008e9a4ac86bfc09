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
import type { Labels, Measured } from './labels/open'
import type { Sae } from './types'

const SHOWN = 10

type Weighted = LatentDetail['promoted']

/** A model's logit lens, loaded. */
export interface Lens {
  readonly model: Model
  /** Tokens that each direction of [rows, d_model] pushes up and down most, strongest first. */
  look(directions: Float32Array): Promise<{ promoted: Weighted; suppressed: Weighted }[]>
  release(): Promise<void>
}

/** Loads the final norm's gain and the unembedding. @throws RUNTIME_FAILED, OUT_OF_MEMORY */
export async function createLens(openSession: OpenSession, model: Model, device: Device): Promise<Lens> {
  const session = await openSession(buildLens(model), { folder: model.folder, device, doing: `loading the logit lens of ${model.name}` })
  return {
    model,
    async look(directions) {
      const rows = directions.length / model.config.d_model
      const outputs = await session.run({ row: f32([rows, model.config.d_model], directions) })
      const tokens = (name: string): Weighted[] => {
        const weights = floatsOf(outputs, `${name}_weights`)
        const ids = integersOf(outputs, `${name}_ids`)
        const shown = ids.length / rows
        return Array.from({ length: rows }, (_, row) =>
          ids
            .slice(row * shown, (row + 1) * shown)
            .map((id, i) => ({ ...model.tokenizer.token(id), weight: weights[row * shown + i] ?? 0 }))
        )
      }
      const suppressed = tokens('suppressed')
      return tokens('promoted').map((promoted, row) => ({ promoted, suppressed: suppressed[row] ?? [] }))
    },
    release: () => session.release()
  }
}

/** Input `row` [rows, d_model]; outputs the ids and weights of each row's highest and lowest tokens. */
function buildLens(model: Model): Graph {
  const graph = createGraph(`${model.name}: logit lens`)
  const { unembed, gain, centre, plusOne } = model.architecture.lens(model.config, model.rawConfig)
  const row = addInput(graph, 'row', 'float32', ['rows', model.config.d_model])
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
  return op.cast(graph, addExternal(graph, ref.name, ref.type, ref.shape, ref), 'float32')
}

/**
 * Whether a latent of `sae` writes into the residual stream, so that its decoder row can be seen through the unembedding: not where it
 * writes the heads' outputs or the MLP's hidden values.
 */
export function writesToStream({ hook, hookOut }: Pick<Sae, 'hook' | 'hookOut'>): boolean {
  return !/\.(attn\.hook_z|mlp\.hook_post)$/.test(hookOut ?? hook ?? '')
}

/**
 * Explanations, contexts, decoder norm and logit lens of one latent.
 * @throws LATENT_UNKNOWN, SAE_MODEL_MISMATCH, LABELS_INVALID, and what reading the files may throw
 */
export async function latentDetail(lens: Lens, sae: Sae, labels: Labels, latent: number): Promise<LatentDetail> {
  const { model } = lens
  const { d_model } = model.config
  const seen = writesToStream(sae)
  if (seen && sae.d_out !== d_model)
    fail('SAE_MODEL_MISMATCH', { sae: sae.name, d_in: sae.d_out, hook: sae.hook ?? 'the residual stream', model: model.name, d_model })
  const { raw } = await readDirections(sae, [latent])
  const row = raw.get(latent)
  assert(row, `the decoder row of latent ${latent} was read`)
  const decoderNorm = Math.hypot(...row)
  const [looked] = seen ? await lens.look(row) : []
  const explanations = labels.explanations(latent).map(({ computed: _computed, ...explanation }) => explanation)
  const measured = await labels.measured(latent)
  const contexts = measured.find(({ record }) => (record.contexts?.length ?? 0) > 0)?.record.contexts ?? []
  return {
    latent,
    label: explanations[0]?.label ?? null,
    labelSource: explanations[0]?.source ?? null,
    explanations,
    ...sizes(measured, sae, decoderNorm),
    decoderNorm,
    promoted: looked?.promoted ?? [],
    suppressed: looked?.suppressed ?? [],
    contexts: contexts.map(({ ids, acts, at }): LatentContext => {
      const unknown = ids.find((id) => id >= model.config.d_vocab)
      if (unknown !== undefined) fail('TOKEN_UNKNOWN', { id: unknown, last: model.config.d_vocab - 1 })
      return { tokens: ids.map((id) => model.tokenizer.token(id)), activations: acts, at }
    })
  }
}

/**
 * Largest and typical activation of a latent as its labels know them, in the SAE's own units, each from the first source that has it. Typical is its
 * mean where it fires; where no source has that, the mean of what is above 0 in the contexts that are kept, its strongest. `source` says which, in words.
 */
export function measuredActivations(
  measured: readonly Measured[],
  sae: Sae,
  decoderNorm: number
): { readonly max: number | null; readonly typical: number | null; readonly source: string } {
  const named = ({ source }: Measured): string => source || 'the labels beside the weights'
  const own = (each: Measured, value: number): number => value / unfolded(each, sae, decoderNorm)
  const [largest] = measured.flatMap((each) => (typeof each.record.max === 'number' ? [{ each, value: each.record.max }] : []))
  const [mean] = measured.flatMap((each) => (typeof each.record.mean === 'number' ? [{ each, value: each.record.mean }] : []))
  const [kept] = measured.flatMap((each) => {
    const fired = (each.record.contexts ?? []).flatMap(({ acts }) => acts.filter((act) => act > 0))
    return fired.length > 0 ? [{ each, value: fired.reduce((sum, act) => sum + act, 0) / fired.length }] : []
  })
  const typical = mean ?? kept
  return {
    max: largest ? own(largest.each, largest.value) : null,
    typical: typical ? own(typical.each, typical.value) : null,
    source: [
      ...(largest ? [`largest from ${named(largest.each)}`] : []),
      ...(mean ? [`typical is the mean where it fires, from ${named(mean.each)}`] : []),
      ...(kept && !mean ? [`typical is the mean where it fires in its strongest contexts, from ${named(kept.each)}`] : [])
    ].join('; ')
  }
}

/** What activations of a source are divided by to be in the SAE's own units. */
function unfolded({ folded }: Measured, { gate }: Sae, decoderNorm: number): number {
  const ownUnits = gate.kind === 'topk' && gate.byDecoderNorm
  return folded && !ownUnits ? decoderNorm || 1 : 1
}

/**
 * Firing rate and largest activation, from the first source that measured either. Activations measured with the decoder norms folded in
 * are f |W_dec[i]|; they are divided by the norm, unless this SAE's own activations have it in them already (formats.md 2.6).
 */
function sizes(measured: readonly Measured[], sae: Sae, decoderNorm: number): Pick<LatentDetail, 'rate' | 'maxActivation' | 'measuredBy'> {
  const first = measured.find(({ record }) => typeof record.rate === 'number' || typeof record.max === 'number')
  const norm = first ? unfolded(first, sae, decoderNorm) : 1
  const max = first?.record.max ?? null
  return {
    rate: first?.record.rate ?? null,
    maxActivation: max === null ? null : max / norm,
    measuredBy: first === undefined || first.source === '' ? null : first.source
  }
}
