/**
 * Gemma Scope 1: params.npz with W_enc [d_in, d_sae], W_dec [d_sae, d_out], b_enc, b_dec, threshold; a JumpReLU that subtracts nothing
 * from its input, trained on text with a BOS token. What the file does not say, its path in the release does:
 * gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71/params.npz. Source: formats.md section 3.
 *
 *   res, att, mlp, transcoders   blocks.L.hook_resid_post, attn.hook_z, hook_mlp_out, ln2.hook_normalized -> hook_mlp_out
 *   embedding                    the embedding before it is multiplied by sqrt(d_model), which the stream holds after
 */
import { basename, dirname, join } from 'node:path'
import { hashFiles } from '../../tensors/hash'
import { readTensorFile, weightRef, type TensorFile } from '../../tensors/tensor-file'
import { scopePath, type ScopePath } from '../scope-path'
import type { Place, Sae, SaeFormat } from '../types'
import { holdsOnly, saeOf, sizesOf, tensorsOf } from './common'

const FILE = 'params.npz'
const VECTORS = ['b_enc', 'b_dec', 'threshold']
/** Some files spell a matrix in lower case. */
const ENCODERS = ['W_enc', 'w_enc']
const DECODERS = ['W_dec', 'w_dec']

export const gemmaScope: SaeFormat = {
  format: 'Gemma Scope',
  looksLike: `${FILE} with W_enc, W_dec, b_enc, b_dec and threshold`,
  async matches(place) {
    if (!place.isFile) return place.files.includes(FILE)
    const file = await tensorsOf(place, ['.npz'])
    return ENCODERS.some((W_enc) => DECODERS.some((W_dec) => holdsOnly(file, [W_enc, W_dec, ...VECTORS])))
  },
  read
}

/** @throws FILE_UNREADABLE, ZIP_INVALID, NUMPY_INVALID, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place): Promise<Sae> {
  const path = place.isFile ? place.path : join(place.path, FILE)
  const file = await readTensorFile(path)
  const W_enc = ENCODERS.find((name) => file.tensors.has(name)) ?? 'W_enc'
  const { d_in, d_sae } = sizesOf(file, { ...LAYOUT, W_enc }, FILE)
  const { d_out, weights } = weightsOf(file, W_enc, d_in, d_sae)
  const { layer, part, l0, model, embedding, shown } = scopePath(path)
  const { hook, hookOut } = hooksOf({ layer, part, embedding })
  const root = Math.sqrt(d_in)
  return saeOf({
    path: place.path,
    folder: dirname(path),
    name: shown ?? basename(dirname(path)),
    format: gemmaScope.format,
    architecture: hookOut === null ? 'jumprelu' : 'jumprelu_transcoder',
    d_in,
    d_out,
    d_sae,
    weights,
    gate: { kind: 'jumprelu', threshold: 'weight', timesDecoderNorm: false },
    inBias: null,
    inScale: embedding ? 1 / root : 1,
    outScale: embedding ? 1 / root : 1,
    hook,
    hookOut,
    modelName: model,
    prependBos: true,
    nominalL0: l0,
    hash: await hashFiles([path]),
    bytes: file.bytes,
    notes: [
      ...(hook === null ? [] : [`The hook point is taken from the path, "${shown ?? path}".`]),
      ...(embedding
        ? [
            'It was trained on embeddings before they are multiplied by sqrt(d_model): the stream is divided by it, and the output multiplied.'
          ]
        : [])
    ]
  })
}

const LAYOUT = { encoderByLatent: false, W_dec: 'W_dec', decoderByOutput: false, vectors: {}, b_dec: 'b_dec' } as const

function weightsOf(file: TensorFile, W_enc: string, d_in: number, d_sae: number): Pick<Sae, 'weights' | 'd_out'> {
  const d_out = file.tensors.get('b_dec')?.shape[0] ?? d_in
  const hint = 'the shapes of the other arrays'
  return {
    d_out,
    weights: new Map([
      ['W_enc', weightRef(file, W_enc, [d_in, d_sae], hint)],
      ['W_dec', weightRef(file, DECODERS.find((name) => file.tensors.has(name)) ?? 'W_dec', [d_sae, d_out], hint)],
      ['b_enc', weightRef(file, 'b_enc', [d_sae], hint)],
      ['b_dec', weightRef(file, 'b_dec', [d_out], hint)],
      ['threshold', weightRef(file, 'threshold', [d_sae], hint)]
    ])
  }
}

function hooksOf({ layer, part, embedding }: Pick<ScopePath, 'layer' | 'part' | 'embedding'>): Pick<Sae, 'hook' | 'hookOut'> {
  if (embedding) return { hook: 'blocks.0.hook_resid_pre', hookOut: null }
  if (layer === null || part === null) return { hook: null, hookOut: null }
  const at = (name: string): string => `blocks.${layer}.${name}`
  switch (part) {
    case 'res':
      return { hook: at('hook_resid_post'), hookOut: null }
    case 'att':
      return { hook: at('attn.hook_z'), hookOut: null }
    case 'mlp':
      return { hook: at('hook_mlp_out'), hookOut: null }
    case 'transcoder':
      return { hook: at('ln2.hook_normalized'), hookOut: at('hook_mlp_out') }
  }
}
