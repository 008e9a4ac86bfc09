/**
 * SAELens folders: cfg.json and sae_weights.safetensors, written by SAELens before and since 6.0 (see ../sae-lens-config.ts).
 * Source: sae_lens/saes/*.py and sae_lens/loading/pretrained_sae_loaders.py of SAELens 6.
 *
 *   standard, transcoder   f = relu(p)
 *   topk                   f = relu(the k largest of p, or of p times the decoder norms when rescale_acts_by_decoder_norm)
 *   jumprelu               f = p where p > threshold (strictly) and p > 0; also what batchtopk and matryoshka_batchtopk are saved as
 *   gated                  f = relu(q exp(r_mag) + b_mag) where q + b_gate > 0, q = x W_enc
 *
 * Transcoders never subtract b_dec and undo no normalisation; skip transcoders add x W_skipᵀ of the raw input.
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import type { SaeReading } from '../../../shared/records/model'
import { hashFiles } from '../../tensors/hash'
import { readJsonObject } from '../../tensors/json'
import { readTensor, readTensorFile, scalar, weightRef, type TensorFile, type WeightRef } from '../../tensors/tensor-file'
import { kindOf, kOf, placeOf, SaeLensConfig } from '../sae-lens-config'
import type { Gate, Place, RuntimeNorm, Sae, SaeFormat, SaeWeight } from '../types'
import { invalid, parseConfig, saeOf } from './common'

const CONFIG = 'cfg.json'
const WEIGHTS = 'sae_weights.safetensors'
const SCALER = 'activation_scaler.json'

const Scaler = z.looseObject({ scaling_factor: z.number().positive() })

export const saeLens: SaeFormat = {
  format: 'SAELens',
  looksLike: `${CONFIG} and ${WEIGHTS}`,
  matches: ({ files }) => Promise.resolve(files.includes(CONFIG) && files.includes(WEIGHTS)),
  read
}

/**
 * @throws FILE_UNREADABLE, JSON_INVALID, SAE_CONFIG_INVALID, SAE_ARCHITECTURE_UNKNOWN, SAE_HOOK_MISSING, SAFETENSORS_INVALID,
 * TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
async function read({ path: folder }: Place, reading: SaeReading): Promise<Sae> {
  const path = join(folder, CONFIG)
  const config = parseConfig(SaeLensConfig, await readJsonObject(path), path)
  const kind = kindOf(config, path)
  const { d_in, d_sae } = config
  const d_out = kind.transcoder ? (config.d_out ?? d_in) : d_in
  const { hookOut, head, ...place } = placeOf(config)
  if (head !== null) invalid(path, `it was trained on one head (hook_head_index ${head}), and only whole hook points are read`)
  if (kind.transcoder && config.apply_b_dec_to_input === true)
    invalid(path, 'a transcoder does not subtract b_dec, yet apply_b_dec_to_input is true')
  // Without a place to write a transcoder would pass for an SAE, which writes where it reads.
  if (kind.transcoder && hookOut === null && reading.hookOut === undefined) fail('SAE_HOOK_MISSING', { path: folder })
  const file = await readTensorFile(join(folder, WEIGHTS))
  const { gate, gateNotes } = await gateOf(kind.gate, config, file, path)
  const weights = checkedWeights(file, { d_in, d_out, d_sae }, gate, kind.skip)
  const { norm, scale } = await normalisation(folder, config, path)
  const finetuned = await finetuningScale(file, config, path, weights)
  const extra = scale.from === SCALER ? [join(folder, SCALER)] : []
  return saeOf({
    path: folder,
    folder,
    name: basename(folder),
    format: saeLens.format,
    architecture: kind.name,
    d_in,
    d_out,
    d_sae,
    weights,
    gate,
    inBias: !kind.transcoder && (config.apply_b_dec_to_input ?? true) ? 'b_dec' : null,
    norm,
    inScale: scale.factor,
    outScale: kind.transcoder ? 1 : scale.factor,
    ...place,
    hookOut: kind.transcoder ? hookOut : null,
    hash: await hashFiles([path, file.path, ...extra]),
    bytes: file.bytes,
    notes: [
      ...halfNotes(weights),
      ...gateNotes,
      ...notesOf({ norm, scale, finetuned, gate, centred: place.centred, transcoder: kind.transcoder })
    ],
    openQuestions: [...(place.hook === null ? (['hook'] as const) : []), ...(scale.from === 'nowhere' ? (['scale'] as const) : [])]
  })
}

async function gateOf(
  kind: ReturnType<typeof kindOf>['gate'],
  config: SaeLensConfig,
  file: TensorFile,
  path: string
): Promise<{ gate: Gate; gateNotes: string[] }> {
  switch (kind) {
    case 'relu':
    case 'gated':
      return { gate: { kind }, gateNotes: [] }
    case 'topk':
      return { gate: { kind, k: kOf(config, path), byDecoderNorm: config.rescale_acts_by_decoder_norm ?? false }, gateNotes: [] }
    case 'jumprelu': {
      const logarithmic = !file.tensors.has('threshold') && file.tensors.has('log_threshold')
      return { gate: { kind, threshold: logarithmic ? 'exp weight' : 'weight', timesDecoderNorm: false }, gateNotes: [] }
    }
    case 'batch': {
      if (file.tensors.has('threshold')) return gateOf('jumprelu', config, file, path)
      if (file.tensors.has('topk_threshold')) {
        const threshold = await scalar(file, 'topk_threshold')
        // Training multiplies pre-activations by the decoder norms before they are compared; saving for inference folds that.
        const timesDecoderNorm = config.rescale_acts_by_decoder_norm ?? false
        const compared = timesDecoderNorm ? ' once multiplied by the decoder norms' : ''
        const gateNotes = [`Saved in the middle of training: latents above its running threshold ${threshold}${compared} are active.`]
        return { gate: { kind: 'jumprelu', threshold, timesDecoderNorm }, gateNotes }
      }
      const gate: Gate = { kind: 'topk', k: kOf(config, path), byDecoderNorm: config.rescale_acts_by_decoder_norm ?? false }
      return { gate, gateNotes: ['Its files hold no threshold, so the k largest latents of each position are taken instead of a batch’s.'] }
    }
  }
}

function checkedWeights(
  file: TensorFile,
  { d_in, d_out, d_sae }: { d_in: number; d_out: number; d_sae: number },
  gate: Gate,
  skip: boolean
): Map<SaeWeight, WeightRef> {
  const needed: [SaeWeight, string, readonly number[]][] = [
    ['W_enc', 'W_enc', [d_in, d_sae]],
    ['W_dec', 'W_dec', [d_sae, d_out]],
    ['b_dec', 'b_dec', [d_out]]
  ]
  if (gate.kind === 'gated') for (const name of ['b_gate', 'b_mag', 'r_mag'] as const) needed.push([name, name, [d_sae]])
  else needed.push(['b_enc', 'b_enc', [d_sae]])
  if (gate.kind === 'jumprelu' && typeof gate.threshold === 'string')
    needed.push(['threshold', gate.threshold === 'weight' ? 'threshold' : 'log_threshold', [d_sae]])
  if (skip) needed.push(['W_skip', 'W_skip', [d_out, d_in]])
  return new Map(needed.map(([name, stored, shape]) => [name, weightRef(file, stored, shape, `architecture in ${CONFIG}`)]))
}

/** Where the fixed factor on activations is from, and what it is. */
interface Scale {
  readonly factor: number
  readonly from: 'none' | typeof SCALER | 'nowhere'
}

/**
 * What is done to activations before the encoder. "expected_average_only_in" does nothing at run time: a constant of the training
 * data belongs to it, folded into the weights when training ends or lying beside them until then. Without it the scale is open.
 */
async function normalisation(folder: string, config: SaeLensConfig, path: string): Promise<{ norm: RuntimeNorm; scale: Scale }> {
  const named = config.normalize_activations ?? 'none'
  const normalization = named === true ? 'expected_average_only_in' : named === false ? 'none' : named
  switch (normalization) {
    case 'none':
    case 'constant_norm_rescale':
    case 'layer_norm':
      return { norm: normalization, scale: { factor: 1, from: 'none' } }
    case 'expected_average_only_in': {
      const beside = join(folder, SCALER)
      const scaler = existsSync(beside) ? Scaler.safeParse(await readJsonObject(beside)) : null
      return {
        norm: 'none',
        scale: scaler?.success ? { factor: scaler.data.scaling_factor, from: SCALER } : { factor: 1, from: 'nowhere' }
      }
    }
    default:
      return invalid(path, `normalize_activations "${normalization}" is not known`)
  }
}

/** The finetuning factor of older files multiplies activations in decode only. All ones mean nothing and are dropped. */
async function finetuningScale(
  file: TensorFile,
  config: SaeLensConfig,
  path: string,
  weights: Map<SaeWeight, WeightRef>
): Promise<boolean> {
  const name = ['scaling_factor', 'finetuning_scaling_factor'].find((candidate) => file.tensors.has(candidate))
  if (name === undefined) return false
  const ref = weightRef(file, name, [config.d_sae], `finetuning_scaling_factor in ${CONFIG}`)
  const factors = await readTensor(file, name)
  // The reference implementation's allclose: 1e-8 + 1e-5 times 1.
  if (factors.every((factor) => Math.abs(factor - 1) <= 1.001e-5)) return false
  if (config.finetuning_scaling_factor !== true) {
    invalid(path, `the weights hold a finetuning factor (${name}) but finetuning_scaling_factor is not true`)
  }
  weights.set('decode_scale', ref)
  return true
}

function halfNotes(weights: ReadonlyMap<SaeWeight, WeightRef>): string[] {
  const stored = [...new Set([...weights.values()].map(({ type }) => type))].filter((type) => type !== 'float32')
  return stored.length > 0 ? [`Weights stored as ${stored.join(', ')} are computed in float32.`] : []
}

interface Applied {
  readonly transcoder: boolean
  readonly norm: RuntimeNorm
  readonly scale: Scale
  readonly finetuned: boolean
  readonly gate: Gate
  readonly centred: boolean
}

function notesOf({ norm, scale, finetuned, gate, centred, transcoder }: Applied): string[] {
  const notes: string[] = []
  if (centred) notes.push(`The mean over d_model is taken out of the input${transcoder ? '' : ' and added back to the output'}.`)
  if (norm === 'constant_norm_rescale')
    notes.push(`Each position is scaled to the norm sqrt(d_in) before the encoder${transcoder ? '' : ', and back after the decoder'}.`)
  if (norm === 'layer_norm')
    notes.push(
      `Each position is centred and divided by its standard deviation before the encoder${transcoder ? '' : ', and back after the decoder'}.`
    )
  if (scale.from === SCALER)
    notes.push(
      `Activations are multiplied by ${scale.factor} (${SCALER}) before the encoder${transcoder ? '' : ', and divided by it after the decoder'}.`
    )
  if (scale.from === 'nowhere') notes.push('It was trained on scaled activations, and its files do not hold the scale.')
  if (finetuned) notes.push('Activations are multiplied by a finetuning factor in the decoder.')
  if (gate.kind === 'topk' && gate.byDecoderNorm)
    notes.push('Activations are multiplied by the decoder norms before the k largest are chosen, and divided by them in the decoder.')
  return notes
}
