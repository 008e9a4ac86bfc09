/**
 * Llama Scope of OpenMOSS: hyperparams.json and checkpoints/final.safetensors, or since R1-Distill config.json and
 * sae_weights.safetensors with a threshold for each latent. Activations are scaled to a mean norm of sqrt(d_model) before the encoder
 * (s_in) and of the output after the decoder (s_out), each with its own mean norm of the training data. Source: formats.md section 4.
 *
 *   p = s_in x W_encᵀ + b_enc;   y = (f W_decᵀ + b_dec) / s_out;   f = p where p passes the gate and p > 0
 *
 * What the gate compares differs between code bases; N is the norm of the decoder row as stored:
 *   openmoss   p N > t s_out (p > t s_in without sparsity_include_decoder_norm), as their own inference has it
 *   saelens    p > t s_in
 *   plain      p > t
 */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import type { SaeReading } from '../../../shared/records/model'
import { hashFiles } from '../../tensors/hash'
import { readJsonObject } from '../../tensors/json'
import { readTensorFile, scalar, weightRef, type TensorFile, type WeightRef } from '../../tensors/tensor-file'
import type { Gate, Place, Sae, SaeFormat, SaeWeight } from '../types'
import { invalid, layoutWeights, linearLayout, parseConfig, saeOf, Size, type Layout } from './common'

const Norms = z.object({ in: z.number().positive(), out: z.number().positive() })

const Config = z.looseObject({
  d_model: Size,
  d_sae: Size.nullish(),
  expansion_factor: z.number().positive().nullish(),
  hook_point_in: z.string().min(1),
  hook_point_out: z.string().min(1).nullish(),
  act_fn: z.string().default('jumprelu'),
  jump_relu_threshold: z.number().nullish(),
  dataset_average_activation_norm: z.union([Norms, z.record(z.string(), z.number().positive())]).nullish(),
  norm_activation: z.string().default('dataset-wise'),
  apply_decoder_bias_to_pre_encoder: z.boolean().default(false),
  use_decoder_bias: z.boolean().default(true),
  top_k: Size.nullish(),
  sparsity_include_decoder_norm: z.boolean().default(true)
})
type Config = z.infer<typeof Config>

/** The two places a folder may keep its files in. */
const LAYOUTS = [
  { config: 'hyperparams.json', weights: join('checkpoints', 'final.safetensors') },
  { config: 'config.json', weights: 'sae_weights.safetensors' }
] as const

/** Names of the tensors, and those that newer checkpoints of lm_saes use. */
const NAMES: readonly Layout[] = [
  linearLayout('encoder', 'decoder'),
  { W_enc: 'W_E', encoderByLatent: false, W_dec: 'W_D', decoderByOutput: false, vectors: { b_enc: 'b_E' }, b_dec: 'b_D' }
]

const LOG_THRESHOLD = 'log_jumprelu_threshold'

export const llamaScope: SaeFormat = {
  format: 'Llama Scope',
  looksLike: 'hyperparams.json and checkpoints/final.safetensors, or config.json with hook_point_in and sae_weights.safetensors',
  async matches(place) {
    const files = filesIn(place)
    if (!files) return false
    const raw = await readJsonObject(join(place.path, files.config)).catch(() => null)
    return raw !== null && 'hook_point_in' in raw
  },
  read
}

function filesIn({ path, isFile, files }: Place): (typeof LAYOUTS)[number] | undefined {
  return isFile ? undefined : LAYOUTS.find(({ config, weights }) => files.includes(config) && existsSync(join(path, weights)))
}

/** @throws FILE_UNREADABLE, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN, SAFETENSORS_INVALID, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place, reading: SaeReading): Promise<Sae> {
  const { path: folder } = place
  const files = filesIn(place) ?? LAYOUTS[0]
  const path = join(folder, files.config)
  const config = parseConfig(Config, await readJsonObject(path), path)
  const { d_model: d_in, hook_point_in, use_decoder_bias } = config
  const d_sae =
    config.d_sae ??
    (config.expansion_factor ? Math.round(d_in * config.expansion_factor) : invalid(path, 'd_sae and expansion_factor are missing'))
  const file = await readTensorFile(join(folder, files.weights))
  const layout = NAMES.find(({ W_enc }) => file.tensors.has(W_enc)) ?? linearLayout('encoder', 'decoder')
  const { weights, ...orientation } = weightsOf(file, layout, { d_in, d_sae }, use_decoder_bias)
  const norms = await normsOf(config, file, path)
  const [inScale, outScale] = [Math.sqrt(d_in) / norms.in, Math.sqrt(d_in) / norms.out]
  const gate = gateOf(config, weights.has('threshold'), { inScale, outScale }, reading.gate ?? 'openmoss', path)
  const hookOut = config.hook_point_out ?? hook_point_in
  return saeOf({
    path: folder,
    folder: dirname(file.path),
    name: basename(folder) === 'model' ? basename(dirname(folder)) : basename(folder),
    format: llamaScope.format,
    architecture: config.act_fn,
    d_in,
    d_sae,
    weights,
    ...orientation,
    gate,
    inBias: config.apply_decoder_bias_to_pre_encoder && use_decoder_bias ? 'b_dec' : null,
    inScale,
    outScale,
    hook: hook_point_in,
    hookOut: hookOut === hook_point_in ? null : hookOut,
    // The later releases are of several models, and name none.
    modelName: files.config === 'hyperparams.json' ? 'meta-llama/Llama-3.1-8B' : null,
    prependBos: true,
    nominalL0: config.top_k ?? null,
    hash: await hashFiles([path, file.path]),
    bytes: file.bytes,
    notes: [
      `Activations are multiplied by ${inScale.toPrecision(6)} before the encoder, and divided by ${outScale.toPrecision(6)} after the decoder (mean norms ${norms.in} and ${norms.out}).`,
      ...(gate.kind === 'jumprelu'
        ? [`The threshold is read the way of ${reading.gate ?? 'openmoss'}; code bases differ, and the preflight shows all three.`]
        : [])
    ],
    openQuestions: gate.kind === 'jumprelu' ? ['gate'] : []
  })
}

function weightsOf(
  file: TensorFile,
  layout: Layout,
  sizes: { d_in: number; d_sae: number },
  biased: boolean
): Pick<Sae, 'weights' | 'encoderByLatent' | 'decoderByOutput'> {
  const hint = 'd_model and d_sae in its configuration'
  const { weights, ...orientation } = layoutWeights(file, biased ? layout : { ...layout, b_dec: null }, sizes, hint)
  const thresholds: [SaeWeight, WeightRef][] = file.tensors.has(LOG_THRESHOLD)
    ? [['threshold', weightRef(file, LOG_THRESHOLD, [sizes.d_sae], hint)]]
    : []
  return { weights: new Map([...weights, ...thresholds]), ...orientation }
}

/** Mean norms of the training data: in the configuration, or in newer files as tensors named after the hook points. */
async function normsOf(config: Config, file: TensorFile, path: string): Promise<{ in: number; out: number }> {
  const { norm_activation, d_model, hook_point_in, hook_point_out, dataset_average_activation_norm: stated } = config
  // Without a normalisation the mean norm is what makes the factor 1.
  if (norm_activation === 'none' || norm_activation === 'inference') return { in: Math.sqrt(d_model), out: Math.sqrt(d_model) }
  if (norm_activation !== 'dataset-wise')
    return fail('SAE_ARCHITECTURE_UNKNOWN', { found: `norm_activation ${norm_activation}`, path, supported: 'dataset-wise, none' })
  const both = Norms.safeParse(stated)
  if (both.success) return both.data
  const byHook = z
    .record(z.string(), z.number().positive())
    .catch({})
    .parse(stated ?? {})
  const normAt = async (hook: string): Promise<number> => {
    const name = `dataset_average_activation_norm.${hook}`
    return (
      byHook[hook] ??
      (file.tensors.has(name)
        ? await scalar(file, name)
        : invalid(path, `the mean norm at ${hook} (dataset_average_activation_norm) is missing`))
    )
  }
  return { in: await normAt(hook_point_in), out: await normAt(hook_point_out ?? hook_point_in) }
}

function gateOf(
  config: Config,
  eachLatent: boolean,
  { inScale, outScale }: { inScale: number; outScale: number },
  way: NonNullable<SaeReading['gate']>,
  path: string
): Gate {
  const { act_fn, top_k, sparsity_include_decoder_norm: byNorm } = config
  if (act_fn === 'relu') return { kind: 'relu' }
  if (act_fn === 'topk') return { kind: 'topk', k: top_k ?? invalid(path, 'top_k is missing'), byDecoderNorm: byNorm }
  if (act_fn !== 'jumprelu') return fail('SAE_ARCHITECTURE_UNKNOWN', { found: act_fn, path, supported: 'jumprelu, topk, relu' })
  const threshold = eachLatent ? 'exp weight' : (config.jump_relu_threshold ?? invalid(path, 'jump_relu_threshold is missing'))
  const timesDecoderNorm = way === 'openmoss' && byNorm
  const factor = way === 'plain' ? 1 : timesDecoderNorm ? outScale : inScale
  return { kind: 'jumprelu', threshold, factor, timesDecoderNorm }
}
