/** Small SAELens folders with seeded random weights, for tests. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { float32ToBfloat16, float32ToFloat16 } from '../../src/main/tensors/dtypes'
import { writeSafetensors, type TensorToWrite } from '../../src/main/tensors/write-safetensors'
import { randomFrom } from './random-numbers'

/** In SAELens's own words. */
export interface SaeSpec {
  readonly architecture: 'standard' | 'topk' | 'jumprelu'
  readonly normalize: 'none' | 'constant_norm_rescale' | 'layer_norm' | 'expected_average_only_in'
  readonly d_in: number
  readonly d_sae: number
  readonly k: number
  readonly applyDecoderBias: boolean
  readonly rescaleByDecoderNorm: boolean
  /** Whether the weights hold a finetuning factor. */
  readonly finetuned: boolean
  readonly dtype: 'F32' | 'F16' | 'BF16'
  readonly hook: string | null
  /** Scale in activation_scaler.json; used with expected_average_only_in. */
  readonly scale: number
}

export const SAE_SPEC: SaeSpec = {
  architecture: 'standard',
  normalize: 'none',
  d_in: 24,
  d_sae: 96,
  k: 8,
  applyDecoderBias: true,
  rescaleByDecoderNorm: false,
  finetuned: false,
  dtype: 'F32',
  hook: 'blocks.1.hook_resid_post',
  scale: 0.7
}

/** The weights of a spec, as float32 numbers that the spec's dtype holds exactly. */
export function saeWeights(spec: SaeSpec, seed = 7): Record<string, Float32Array> {
  const { d_in, d_sae } = spec
  const random = randomFrom(seed)
  const numbers = (count: number, low: number, high: number): Float32Array =>
    rounded(
      Float32Array.from({ length: count }, () => random.between(low, high)),
      spec
    )
  const weights: Record<string, Float32Array> = {
    W_enc: numbers(d_in * d_sae, -0.5, 0.5),
    b_enc: numbers(d_sae, -0.3, 0.1),
    W_dec: numbers(d_sae * d_in, -0.4, 0.4),
    b_dec: numbers(d_in, -0.3, 0.3)
  }
  if (spec.architecture === 'jumprelu') weights.threshold = numbers(d_sae, 0.1, 0.8)
  if (spec.finetuned) weights.scaling_factor = numbers(d_sae, 0.5, 2)
  return weights
}

/** Writes the folder of a spec and returns it. `change` may spoil the cfg.json for tests of refusals. */
export async function writeSae(
  folder: string,
  spec: SaeSpec,
  change: (config: Record<string, unknown>) => object = (same) => same
): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeSafetensors(join(folder, 'sae_weights.safetensors'), tensorsOf(spec, saeWeights(spec)))
  await writeFile(join(folder, 'cfg.json'), JSON.stringify(change(configOf(spec))))
  if (spec.normalize === 'expected_average_only_in') {
    await writeFile(join(folder, 'activation_scaler.json'), JSON.stringify({ scaling_factor: spec.scale }))
  }
  return folder
}

/** The weights as they are stored, with their shapes. */
export function tensorsOf(spec: SaeSpec, weights: Record<string, Float32Array>): Record<string, TensorToWrite> {
  const { d_in, d_sae, dtype } = spec
  const shapes: Record<string, number[]> = { W_enc: [d_in, d_sae], W_dec: [d_sae, d_in], b_dec: [d_in] }
  const tensors = Object.entries(weights).map(([name, data]): [string, TensorToWrite] => [
    name,
    { dtype, shape: shapes[name] ?? [d_sae], data: stored(data, spec) }
  ])
  return Object.fromEntries(tensors)
}

function configOf(spec: SaeSpec): Record<string, unknown> {
  return {
    architecture: spec.architecture,
    d_in: spec.d_in,
    d_sae: spec.d_sae,
    dtype: 'float32',
    apply_b_dec_to_input: spec.applyDecoderBias,
    normalize_activations: spec.normalize,
    ...(spec.architecture === 'topk' ? { k: spec.k, rescale_acts_by_decoder_norm: spec.rescaleByDecoderNorm } : {}),
    ...(spec.finetuned ? { finetuning_scaling_factor: true } : {}),
    metadata: { sae_lens_version: '6.18.0', ...(spec.hook === null ? {} : { hook_name: spec.hook }), model_name: 'tiny' }
  }
}

function stored(data: Float32Array, { dtype }: SaeSpec): ArrayBufferView {
  return dtype === 'F32' ? data : dtype === 'F16' ? float32ToFloat16(data) : float32ToBfloat16(data)
}

/** To 7 bits after the leading one, which float16 and bfloat16 both hold at these sizes. */
function rounded(data: Float32Array, { dtype }: SaeSpec): Float32Array {
  if (dtype === 'F32') return data
  return data.map((number) => {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(number))) - 7)
    return Math.round(number / unit) * unit
  })
}
