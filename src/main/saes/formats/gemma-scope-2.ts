/**
 * Gemma Scope 2: params.safetensors with lower-case w_enc [d_in, d_sae], w_dec [d_sae, d_out], b_enc, b_dec, threshold, and with
 * affine_skip_connection for transcoders that have one. The hook point is in the path (resid_post/layer_12_width_16k_l0_medium). How the
 * skip connection is stored, and whether transcoders read behind the norm's gain, is not confirmed (formats.md section 3): the preflight
 * compares. Crosscoders and cross-layer transcoders, whose w_dec has three axes, are refused.
 */
import { basename, dirname, join } from 'node:path'
import { fail } from '../../../shared/errors'
import { hashFiles } from '../../tensors/hash'
import { readTensorFile, weightRef, type WeightRef } from '../../tensors/tensor-file'
import { scopePath, type ScopePath } from '../scope-path'
import type { Place, Sae, SaeFormat, SaeWeight } from '../types'
import { saeOf, sizesOf, tensorsOf } from './common'

const FILE = 'params.safetensors'
const NAMES = ['w_enc', 'w_dec', 'b_enc', 'b_dec', 'threshold']
const SKIP = 'affine_skip_connection'

export const gemmaScope2: SaeFormat = {
  format: 'Gemma Scope 2',
  looksLike: `${FILE} with w_enc, w_dec, b_enc, b_dec and threshold`,
  async matches(place) {
    if (!place.isFile) return place.files.includes(FILE)
    const file = await tensorsOf(place, ['.safetensors'])
    return NAMES.every((name) => file?.tensors.has(name))
  },
  read
}

/** @throws FILE_UNREADABLE, SAFETENSORS_INVALID, SAE_ARCHITECTURE_UNKNOWN, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place): Promise<Sae> {
  const path = place.isFile ? place.path : join(place.path, FILE)
  const file = await readTensorFile(path)
  if (file.tensors.get('w_dec')?.shape.length === 3)
    fail('SAE_ARCHITECTURE_UNKNOWN', { found: 'crosscoder', path, supported: 'jumprelu SAEs and transcoders of one layer' })
  const { d_in, d_sae } = sizesOf(
    file,
    { W_enc: 'w_enc', encoderByLatent: false, W_dec: 'w_dec', decoderByOutput: false, vectors: {}, b_dec: 'b_dec' },
    FILE
  )
  const d_out = file.tensors.get('b_dec')?.shape[0] ?? d_in
  const hint = 'the shapes of the other tensors'
  const skip = file.tensors.has(SKIP)
  const weights = new Map<SaeWeight, WeightRef>([
    ['W_enc', weightRef(file, 'w_enc', [d_in, d_sae], hint)],
    ['W_dec', weightRef(file, 'w_dec', [d_sae, d_out], hint)],
    ['b_enc', weightRef(file, 'b_enc', [d_sae], hint)],
    ['b_dec', weightRef(file, 'b_dec', [d_out], hint)],
    ['threshold', weightRef(file, 'threshold', [d_sae], hint)]
  ])
  if (skip) weights.set('W_skip', weightRef(file, SKIP, [d_out, d_in], hint))
  const found = scopePath(path)
  const { hook, hookOut } = hooksOf(found)
  return saeOf({
    path: place.path,
    folder: dirname(path),
    name: found.shown ?? basename(dirname(path)),
    format: gemmaScope2.format,
    architecture: hookOut === null ? 'jumprelu' : skip ? 'jumprelu_skip_transcoder' : 'jumprelu_transcoder',
    d_in,
    d_out,
    d_sae,
    weights,
    gate: { kind: 'jumprelu', threshold: 'weight', timesDecoderNorm: false },
    inBias: null,
    hook,
    hookOut,
    modelName: found.model,
    prependBos: true,
    hash: await hashFiles([path]),
    bytes: file.bytes,
    notes: hook === null ? [] : [`The hook point is taken from the path, "${found.shown ?? path}".`],
    openQuestions: [...(hook === null ? (['hook'] as const) : []), ...(skip ? (['skip orientation'] as const) : [])]
  })
}

function hooksOf({ layer, part }: ScopePath): Pick<Sae, 'hook' | 'hookOut'> {
  if (layer === null || part === null) return { hook: null, hookOut: null }
  const at = (name: string): string => `blocks.${layer}.${name}`
  const places = {
    res: { hook: at('hook_resid_post'), hookOut: null },
    att: { hook: at('hook_attn_out'), hookOut: null },
    mlp: { hook: at('hook_mlp_out'), hookOut: null },
    transcoder: { hook: at('mlp.hook_in'), hookOut: at('hook_mlp_out') }
  }
  return places[part]
}
