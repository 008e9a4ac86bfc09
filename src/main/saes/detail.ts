/** What is known of one latent: its label and contexts from the file beside the weights, what it promotes from the logit lens. */
import { fail } from '../../shared/errors'
import type { LatentContext, LatentDetail } from '../../shared/records/latent'
import type { Token } from '../../shared/records/token'
import type { Model, Tokenizer } from '../models/types'
import type { LabelIndex, LabelLine } from './labels'
import type { Lens } from './lens'
import type { Encoder } from './types'

const LISTED = 10

/** @throws LATENT_UNKNOWN */
export async function latentDetail(model: Model, encoder: Encoder, labels: LabelIndex | null, lens: Lens, latent: number): Promise<LatentDetail> {
  const { sae } = encoder
  if (!Number.isInteger(latent) || latent < 0 || latent >= sae.d_sae) fail('LATENT_UNKNOWN', { sae: sae.name, latent, last: sae.d_sae - 1 })
  const [row] = (await encoder.decoderRows([latent])).raw
  const direction = row ?? new Float32Array(0)
  const weights = direction.length === model.config.d_model ? await lens.weigh(direction) : new Float32Array(0)
  const order = Array.from(weights.keys()).sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))
  const weighed = (id: number): Token & { weight: number } => ({ ...model.tokenizer.token(id), weight: weights[id] ?? 0 })
  const line = (await labels?.line(latent)) ?? null
  return {
    latent,
    label: line?.label ?? null,
    labelSource: line?.label_from ?? null,
    rate: line?.rate ?? null,
    maxActivation: line?.max ?? null,
    decoderNorm: Math.hypot(...direction),
    promoted: order.slice(0, LISTED).map(weighed),
    suppressed: order.slice(-LISTED).reverse().map(weighed),
    contexts: contextsOf(line, model.tokenizer)
  }
}

/** Contexts whose ids and activations fit together and exist in the model's vocabulary. */
function contextsOf(line: LabelLine | null, tokenizer: Tokenizer): LatentContext[] {
  return (line?.contexts ?? [])
    .filter(({ ids, acts, at }) => ids.length === acts.length && at < ids.length && ids.every((id) => id < tokenizer.size))
    .map(({ ids, acts, at }) => ({ tokens: ids.map((id) => tokenizer.token(id)), activations: acts, at }))
}
