/**
 * cfg.json of SAELens folders, old (before 6.0) and new, brought into one shape. Field names and defaults as SAELens reads them
 * itself (`handle_config_defaulting`, `handle_pre_6_0_config`; the key table is in docs/adding/sae-format.md). Unknown keys are ignored.
 */
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import type { RuntimeNorm } from '../types'

export const SAE_LENS_ARCHITECTURES = ['standard', 'topk', 'jumprelu'] as const
export type SaeLensArchitecture = (typeof SAE_LENS_ARCHITECTURES)[number]

export interface SaeLensConfig {
  readonly architecture: SaeLensArchitecture
  readonly d_in: number
  readonly d_sae: number
  readonly k: number | null
  readonly rescaleByDecoderNorm: boolean
  readonly subtractDecoderBias: boolean
  readonly norm: RuntimeNorm | 'expected_average_only_in'
  readonly finetuned: boolean
  readonly hook: string | null
  readonly modelName: string | null
  readonly prependBos: boolean
}

const Size = z.number().int().positive().max(2 ** 31)
const text = z.string().nullish()

const Raw = z.looseObject({
  architecture: text,
  d_in: Size,
  d_sae: Size,
  apply_b_dec_to_input: z.boolean().nullish(),
  normalize_activations: z.union([z.string(), z.boolean()]).nullish(),
  hook_name: text,
  hook_point: text,
  hook_head_index: z.number().int().nullish(),
  activation_fn: text,
  activation_fn_str: text,
  activation_fn_kwargs: z.looseObject({ k: Size.nullish() }).nullish(),
  k: Size.nullish(),
  rescale_acts_by_decoder_norm: z.boolean().nullish(),
  finetuning_scaling_factor: z.boolean().nullish(),
  model_name: text,
  prepend_bos: z.boolean().nullish(),
  metadata: z.looseObject({ hook_name: text, model_name: text, prepend_bos: z.boolean().nullish(), hook_head_index: z.number().int().nullish() }).nullish()
})
type Raw = z.infer<typeof Raw>

/** Reads cfg.json's content. @throws SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN */
export function readSaeLensConfig(json: Readonly<Record<string, unknown>>, path: string): SaeLensConfig {
  const parsed = Raw.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return refuse(path, `its "${issue?.path.join('.') ?? ''}" is not usable (${issue?.message ?? 'malformed'})`)
  }
  const raw = parsed.data
  const architecture = architectureOf(raw, path)
  if ((raw.hook_head_index ?? raw.metadata?.hook_head_index ?? null) !== null) refuse(path, 'it reads a single attention head (hook_head_index)')
  const k = raw.k ?? raw.activation_fn_kwargs?.k ?? null
  if (architecture === 'topk' && k === null) refuse(path, 'it is a TopK SAE and does not say k')
  if (architecture === 'topk' && k !== null && k > raw.d_sae) refuse(path, `its k (${k}) is larger than its number of latents (${raw.d_sae})`)
  return {
    architecture,
    d_in: raw.d_in,
    d_sae: raw.d_sae,
    k: architecture === 'topk' ? k : null,
    rescaleByDecoderNorm: raw.rescale_acts_by_decoder_norm ?? false,
    subtractDecoderBias: raw.apply_b_dec_to_input ?? true,
    norm: normOf(raw, path),
    finetuned: raw.finetuning_scaling_factor ?? false,
    hook: raw.metadata?.hook_name ?? raw.hook_name ?? raw.hook_point ?? null,
    modelName: raw.metadata?.model_name ?? raw.model_name ?? null,
    prependBos: raw.metadata?.prepend_bos ?? raw.prepend_bos ?? true
  }
}

/** Before 6.0 a TopK SAE is a standard one with the activation function "topk". */
function architectureOf(raw: Raw, path: string): SaeLensArchitecture {
  const named = raw.architecture ?? 'standard'
  const activation = raw.activation_fn_str ?? raw.activation_fn ?? 'relu'
  const found = named === 'standard' && activation === 'topk' ? 'topk' : named
  const known = SAE_LENS_ARCHITECTURES.find((architecture) => architecture === found)
  if (known === undefined) return fail('SAE_ARCHITECTURE_UNKNOWN', { found, path, supported: SAE_LENS_ARCHITECTURES.join(', ') })
  if (known === 'standard' && activation !== 'relu') refuse(path, `its activation function is "${activation}"`)
  return known
}

function normOf({ normalize_activations: value }: Raw, path: string): SaeLensConfig['norm'] {
  if (value === undefined || value === null || value === false || value === 'none') return 'none'
  if (value === true || value === 'expected_average_only_in') return 'expected_average_only_in'
  if (value === 'constant_norm_rescale' || value === 'layer_norm') return value
  return refuse(path, `its normalize_activations is "${String(value)}", which is not known`)
}

function refuse(path: string, reason: string): never {
  return fail('SAE_CONFIG_INVALID', { path, reason })
}
