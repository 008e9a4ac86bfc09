/**
 * cfg.json of SAELens, as it was written before and since 6.0. Both generations are read by the same rules, because every key lives
 * either at the top or under `metadata` and the older spellings never mean anything else (formats.md 2.2).
 */
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { invalid, Size } from './formats/common'

const Name = z.string().min(1).nullish()
const Flag = z.boolean().nullish()

const Place = {
  hook_name: Name,
  hook_name_out: Name,
  hook_head_index: z.number().int().nullish(),
  model_name: Name,
  prepend_bos: Flag,
  neuronpedia_id: Name,
  model_from_pretrained_kwargs: z.looseObject({ center_writing_weights: Flag }).nullish()
}

/** Only what is used; unknown keys are ignored, as SAELens itself adds new ones with every version. */
export const SaeLensConfig = z.looseObject({
  ...Place,
  architecture: z.string().nullish(),
  d_in: Size,
  d_out: Size.nullish(),
  d_sae: Size,
  // A batch's k is a mean, and may be a fraction.
  k: z.number().positive().nullish(),
  rescale_acts_by_decoder_norm: Flag,
  activation_fn: z.string().nullish(),
  activation_fn_str: z.string().nullish(),
  activation_fn_kwargs: z.looseObject({ k: Size.nullish() }).nullish(),
  apply_b_dec_to_input: Flag,
  normalize_activations: z.union([z.string(), z.boolean()]).nullish(),
  finetuning_scaling_factor: Flag,
  hook_point: Name,
  hook_point_head_index: z.number().int().nullish(),
  metadata: z.looseObject(Place).nullish()
})
export type SaeLensConfig = z.infer<typeof SaeLensConfig>

/**
 * How an architecture reads, gates and writes. Training forms (batchtopk, matryoshka_batchtopk) are saved for inference as jumprelu;
 * left in their own form they carry one threshold for all latents.
 */
interface Kind {
  readonly gate: 'relu' | 'topk' | 'jumprelu' | 'gated' | 'batch'
  readonly transcoder: boolean
  readonly skip: boolean
}

const KINDS: Readonly<Record<string, Kind>> = {
  standard: { gate: 'relu', transcoder: false, skip: false },
  gated: { gate: 'gated', transcoder: false, skip: false },
  topk: { gate: 'topk', transcoder: false, skip: false },
  jumprelu: { gate: 'jumprelu', transcoder: false, skip: false },
  batchtopk: { gate: 'batch', transcoder: false, skip: false },
  matryoshka_batchtopk: { gate: 'batch', transcoder: false, skip: false },
  transcoder: { gate: 'relu', transcoder: true, skip: false },
  skip_transcoder: { gate: 'relu', transcoder: true, skip: true },
  jumprelu_transcoder: { gate: 'jumprelu', transcoder: true, skip: false },
  jumprelu_skip_transcoder: { gate: 'jumprelu', transcoder: true, skip: true }
}

/** Name and kind of the architecture. Older files say "standard" and name TopK as the activation function. @throws SAE_ARCHITECTURE_UNKNOWN, SAE_CONFIG_INVALID */
export function kindOf(config: SaeLensConfig, path: string): Kind & { readonly name: string } {
  const named = config.architecture ?? 'standard'
  const activation = config.activation_fn_str ?? config.activation_fn ?? 'relu'
  const name = named === 'standard' && activation === 'topk' ? 'topk' : named
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
  if (!kind) return fail('SAE_ARCHITECTURE_UNKNOWN', { found: name, path, supported: Object.keys(KINDS).join(', ') })
  if (name === 'standard' && activation !== 'relu') invalid(path, `the activation function "${activation}" is not relu or topk`)
  return { name, ...kind }
}

/** k, wherever it stands. @throws SAE_CONFIG_INVALID */
export function kOf({ k, activation_fn_kwargs, d_sae }: SaeLensConfig, path: string): number {
  const found = k ?? activation_fn_kwargs?.k ?? invalid(path, 'k, the number of active latents per position, is missing')
  if (!Number.isInteger(found)) invalid(path, `k is ${found}, and so many latents of one position cannot be chosen`)
  return found > d_sae ? invalid(path, `k is ${found}, but there are only ${d_sae} latents`) : found
}

/** What stands at the top or under `metadata`. */
export function placeOf(config: SaeLensConfig): {
  hook: string | null
  hookOut: string | null
  head: number | null
  modelName: string | null
  prependBos: boolean
  neuronpediaId: string | null
  centred: boolean
} {
  const { metadata } = config
  const processing = metadata?.model_from_pretrained_kwargs ?? config.model_from_pretrained_kwargs
  return {
    hook: metadata?.hook_name ?? config.hook_name ?? config.hook_point ?? null,
    hookOut: metadata?.hook_name_out ?? config.hook_name_out ?? null,
    head: metadata?.hook_head_index ?? config.hook_head_index ?? config.hook_point_head_index ?? null,
    modelName: metadata?.model_name ?? config.model_name ?? null,
    prependBos: metadata?.prepend_bos ?? config.prepend_bos ?? true,
    neuronpediaId: metadata?.neuronpedia_id ?? config.neuronpedia_id ?? null,
    // Writing weights that were centred leave no mean over d_model in the stream (formats.md 8.11).
    centred: processing?.center_writing_weights ?? false
  }
}
