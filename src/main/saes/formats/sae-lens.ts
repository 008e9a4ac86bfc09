/**
 * SAELens folders: cfg.json and sae_weights.safetensors, written by SAELens before and since 6.0. Both generations are read by the
 * same rules, because every key lives either at the top or under `metadata` and the older spellings never mean anything else.
 * Source: sae_lens/saes/*.py and sae_lens/loading/pretrained_sae_loaders.py of SAELens 6.
 *
 *   standard   f = relu(p)
 *   topk       f = relu(the k largest of p, or of p times the decoder norms when rescale_acts_by_decoder_norm)
 *   jumprelu   f = p where p > threshold (strictly) and p > 0
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import type { WeightRef } from '../../models/types'
import type { Dtype } from '../../tensors/dtypes'
import { hashFiles } from '../../tensors/hash'
import { readJsonObject } from '../../tensors/json'
import { readSafetensors, readTensor, type Safetensors } from '../../tensors/safetensors'
import type { Gate, Place, RuntimeNorm, Sae, SaeFormat, SaeWeight } from '../types'

const CONFIG = 'cfg.json'
const WEIGHTS = 'sae_weights.safetensors'
const SCALER = 'activation_scaler.json'

const ARCHITECTURES = ['standard', 'topk', 'jumprelu'] as const

const Size = z.number().int().positive()
const Name = z.string().min(1).nullish()
const ActivationArguments = z.looseObject({ k: Size.nullish() }).nullish()

/** Only what is used; unknown keys are ignored, as SAELens itself adds new ones with every version. */
const Config = z.looseObject({
  architecture: z.string().nullish(),
  d_in: Size,
  d_sae: Size,
  k: Size.nullish(),
  rescale_acts_by_decoder_norm: z.boolean().nullish(),
  activation_fn: z.string().nullish(),
  activation_fn_str: z.string().nullish(),
  activation_fn_kwargs: ActivationArguments,
  apply_b_dec_to_input: z.boolean().nullish(),
  normalize_activations: z.union([z.string(), z.boolean()]).nullish(),
  finetuning_scaling_factor: z.boolean().nullish(),
  hook_name: Name,
  hook_point: Name,
  model_name: Name,
  prepend_bos: z.boolean().nullish(),
  metadata: z.looseObject({ hook_name: Name, model_name: Name, prepend_bos: z.boolean().nullish() }).nullish()
})
type Config = z.infer<typeof Config>

const Scaler = z.looseObject({ scaling_factor: z.number().positive() })

const ELEMENT_TYPES: Partial<Record<Dtype, WeightRef['type']>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', F64: 'float64' }

export const saeLens: SaeFormat = {
  format: 'SAELens',
  looksLike: `${CONFIG} and ${WEIGHTS}`,
  matches: ({ files }) => Promise.resolve(files.includes(CONFIG) && files.includes(WEIGHTS)),
  read
}

/**
 * @throws FILE_UNREADABLE, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN, SAE_NEEDS_SCALE, SAFETENSORS_INVALID,
 * TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
async function read({ path: folder }: Place): Promise<Sae> {
  const path = join(folder, CONFIG)
  const config = parseConfig(await readJsonObject(path), path)
  const architecture = architectureOf(config, path)
  const { d_in, d_sae } = config
  const gate = gateOf(architecture, config, path)
  const file = await readSafetensors(join(folder, WEIGHTS))
  const weights = checkedWeights(file, d_in, d_sae, gate)
  const { norm, scale } = await normalisation(folder, config, path)
  const decodeScale = await finetuningScale(file, config, path, weights)
  const extra = scale === 1 ? [] : [join(folder, SCALER)]
  return {
    path: folder,
    folder,
    name: basename(folder),
    format: saeLens.format,
    architecture,
    d_in,
    d_out: d_in,
    d_sae,
    weights,
    encoderByLatent: false,
    decoderByOutput: false,
    skipByInput: false,
    gate,
    inBias: (config.apply_b_dec_to_input ?? true) ? 'b_dec' : null,
    norm,
    inScale: scale,
    outScale: scale,
    centred: false,
    hook: config.metadata?.hook_name ?? config.hook_name ?? config.hook_point ?? null,
    hookOut: null,
    modelName: config.metadata?.model_name ?? config.model_name ?? null,
    prependBos: config.metadata?.prepend_bos ?? config.prepend_bos ?? true,
    nominalL0: gate.kind === 'topk' ? gate.k : null,
    neuronpediaId: null,
    hash: await hashFiles([path, file.path, ...extra]),
    bytes: file.bytes,
    notes: notesOf({ weights, norm, scale, decodeScale, gate }),
    openQuestions: []
  }
}

function parseConfig(raw: Record<string, unknown>, path: string): Config {
  const parsed = Config.safeParse(raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return fail('SAE_CONFIG_INVALID', { path, reason: `${issue?.path.join('.') ?? 'a key'}: ${issue?.message ?? 'is wrong'}` })
}

/** Older files say "standard" and name TopK as the activation function. */
function architectureOf(config: Config, path: string): (typeof ARCHITECTURES)[number] {
  const named = config.architecture ?? 'standard'
  const activation = config.activation_fn_str ?? config.activation_fn ?? 'relu'
  const found = named === 'standard' && activation === 'topk' ? 'topk' : named
  const known = ARCHITECTURES.find((architecture) => architecture === found)
  if (known === undefined) return fail('SAE_ARCHITECTURE_UNKNOWN', { found, path, supported: ARCHITECTURES.join(', ') })
  if (known === 'standard' && activation !== 'relu') invalid(path, `the activation function "${activation}" is not relu or topk`)
  return known
}

function gateOf(architecture: (typeof ARCHITECTURES)[number], config: Config, path: string): Gate {
  if (architecture === 'standard') return { kind: 'relu' }
  if (architecture === 'jumprelu') return { kind: 'jumprelu', threshold: 'weight', timesDecoderNorm: false }
  const k = config.k ?? config.activation_fn_kwargs?.k ?? invalid(path, 'k, the number of active latents per position, is missing')
  if (k > config.d_sae) invalid(path, `k is ${k}, but there are only ${config.d_sae} latents`)
  return { kind: 'topk', k, byDecoderNorm: config.rescale_acts_by_decoder_norm ?? false }
}

function checkedWeights(file: Safetensors, d_in: number, d_sae: number, gate: Gate): Map<SaeWeight, WeightRef> {
  const needed: [SaeWeight, readonly number[]][] = [
    ['W_enc', [d_in, d_sae]],
    ['b_enc', [d_sae]],
    ['W_dec', [d_sae, d_in]],
    ['b_dec', [d_in]]
  ]
  if (gate.kind === 'jumprelu') needed.push(['threshold', [d_sae]])
  return new Map(needed.map(([name, expected]) => [name, checkedWeight(file, name, expected)]))
}

function checkedWeight(file: Safetensors, name: string, expected: readonly number[]): WeightRef {
  const { path } = file
  const { dtype, shape, offset, length } =
    file.tensors.get(name) ?? fail('TENSOR_MISSING', { path, name, hint: `architecture in ${CONFIG}` })
  if (shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis])) {
    return fail('TENSOR_SHAPE', { name, path, found: shape.join(', '), expected: expected.join(', ') })
  }
  const type = ELEMENT_TYPES[dtype] ?? fail('TENSOR_DTYPE', { name, path, dtype, supported: Object.keys(ELEMENT_TYPES).join(', ') })
  return { name, type, shape, file: basename(path), offset, length }
}

/**
 * What is done to activations before the encoder. "expected_average_only_in" does nothing at run time: a constant of the training
 * data belongs to it, folded into the weights when training ends or lying beside them until then.
 */
async function normalisation(folder: string, config: Config, path: string): Promise<{ norm: RuntimeNorm; scale: number }> {
  const named = config.normalize_activations ?? 'none'
  const normalization = named === true ? 'expected_average_only_in' : named === false ? 'none' : named
  switch (normalization) {
    case 'none':
    case 'constant_norm_rescale':
    case 'layer_norm':
      return { norm: normalization, scale: 1 }
    case 'expected_average_only_in': {
      const beside = join(folder, SCALER)
      const scaler = existsSync(beside) ? Scaler.safeParse(await readJsonObject(beside)) : null
      return scaler?.success
        ? { norm: 'none', scale: scaler.data.scaling_factor }
        : fail('SAE_NEEDS_SCALE', { path: folder, normalization })
    }
    default:
      return invalid(path, `normalize_activations "${normalization}" is not known`)
  }
}

/** The finetuning factor of older files multiplies activations in decode only. All ones mean nothing and are dropped. */
async function finetuningScale(file: Safetensors, config: Config, path: string, weights: Map<SaeWeight, WeightRef>): Promise<boolean> {
  const name = ['scaling_factor', 'finetuning_scaling_factor'].find((candidate) => file.tensors.has(candidate))
  if (name === undefined) return false
  const ref = checkedWeight(file, name, [config.d_sae])
  const factors = await readTensor(file, name)
  // The reference implementation's allclose: 1e-8 + 1e-5 times 1.
  if (factors.every((factor) => Math.abs(factor - 1) <= 1.001e-5)) return false
  if (config.finetuning_scaling_factor !== true) {
    invalid(path, `the weights hold a finetuning factor (${name}) but finetuning_scaling_factor is not true`)
  }
  weights.set('decode_scale', ref)
  return true
}

interface Applied {
  readonly weights: ReadonlyMap<SaeWeight, WeightRef>
  readonly norm: RuntimeNorm
  readonly scale: number
  readonly decodeScale: boolean
  readonly gate: Gate
}

function notesOf({ weights, norm, scale, decodeScale, gate }: Applied): string[] {
  const notes: string[] = []
  const stored = [...new Set([...weights.values()].map(({ type }) => type))].filter((type) => type !== 'float32')
  if (stored.length > 0) notes.push(`Weights stored as ${stored.join(', ')} are computed in float32.`)
  if (norm === 'constant_norm_rescale')
    notes.push('Each position is scaled to the norm sqrt(d_in) before the encoder, and back after the decoder.')
  if (norm === 'layer_norm')
    notes.push('Each position is centred and divided by its standard deviation before the encoder, and back after the decoder.')
  if (scale !== 1) notes.push(`Activations are multiplied by ${scale} (${SCALER}) before the encoder, and divided by it after the decoder.`)
  if (decodeScale) notes.push('Activations are multiplied by a finetuning factor in the decoder.')
  if (gate.kind === 'topk' && gate.byDecoderNorm)
    notes.push('Activations are multiplied by the decoder norms before the k largest are chosen, and divided by them in the decoder.')
  return notes
}

function invalid(path: string, reason: string): never {
  return fail('SAE_CONFIG_INVALID', { path, reason })
}
