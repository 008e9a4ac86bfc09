/**
 * OpenAI's GPT-2 small autoencoders, one .pt file each: <location><suffix>/autoencoders/<layer>.pt.
 * Source: sparse_autoencoder/model.py and paths.py of openai/sparse_autoencoder.
 *
 *   p = encoder.weight (x - pre_bias) + latent_bias;  y = decoder.weight f + pre_bias
 *   ReLU (v1, v4)  f = relu(p)
 *   TopK (v5)      x is first centred and divided by (deviation + 1e-5), deviation with N - 1, and y is taken back after;
 *                  f = relu(the k largest of p)
 *
 * The model they were trained on is loaded without centring.
 */
import { basename, dirname } from 'node:path'
import { fail } from '../../../shared/errors'
import type { TensorFile } from '../../tensors/tensor-file'
import type { Gate, Place, Sae, SaeFormat } from '../types'
import { fileFields, invalid, layoutWeights, saeOf, sizesOf, tensorsOf, type Layout } from './common'

const LAYOUT: Layout = {
  W_enc: 'encoder.weight',
  encoderByLatent: true,
  W_dec: 'decoder.weight',
  decoderByOutput: true,
  vectors: { b_enc: 'latent_bias' },
  b_dec: 'pre_bias'
}
const HINT = 'whether the file is an autoencoder of OpenAI’s'

/** The releases' names of places. */
const LOCATIONS: Readonly<Record<string, string>> = {
  mlp_post_act: 'mlp.hook_post',
  resid_delta_attn: 'hook_attn_out',
  resid_post_attn: 'hook_resid_mid',
  resid_delta_mlp: 'hook_mlp_out',
  resid_post_mlp: 'hook_resid_post'
}

export const openAi: SaeFormat = {
  format: 'OpenAI',
  looksLike: 'a .pt file with pre_bias and latent_bias',
  matches: async (place) => {
    const file = await tensorsOf(place, ['.pt'])
    return file !== null && file.tensors.has('pre_bias') && file.tensors.has('latent_bias')
  },
  read
}

/** @throws TORCH_INVALID, PICKLE_REFUSED, SAE_ARCHITECTURE_UNKNOWN, SAE_CONFIG_INVALID, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place): Promise<Sae> {
  const file = (await tensorsOf(place, ['.pt'])) ?? fail('FILE_MISSING', { path: place.path })
  const sizes = sizesOf(file, LAYOUT, HINT)
  const activation = file.values.get('activation') ?? 'ReLU'
  const gate = gateOf(file, activation, sizes.d_sae)
  const normalised = gate.kind === 'topk'
  const fields = await fileFields(file)
  return saeOf({
    ...fields,
    // .../resid_post_mlp_v5_32k/autoencoders/6.pt
    name: `${releaseOf(file.path)}/${basename(file.path, '.pt')}`,
    format: openAi.format,
    architecture: String(activation),
    ...sizes,
    ...layoutWeights(file, LAYOUT, sizes, HINT),
    gate,
    inBias: 'b_dec',
    norm: normalised ? 'layer_norm' : 'none',
    hook: hookOf(file.path),
    modelName: 'gpt2-small',
    notes: normalised
      ? ['Each position is centred and divided by its standard deviation before the encoder, and back after the decoder.']
      : []
  })
}

function gateOf(file: TensorFile, activation: unknown, d_sae: number): Gate {
  const { path, values } = file
  if (activation === 'ReLU') return { kind: 'relu' }
  if (activation !== 'TopK') return fail('SAE_ARCHITECTURE_UNKNOWN', { found: String(activation), path, supported: 'ReLU, TopK' })
  const after = values.get('activation_state_dict.postact_fn') ?? 'ReLU'
  if (after !== 'ReLU')
    return fail('SAE_ARCHITECTURE_UNKNOWN', { found: `TopK followed by ${String(after)}`, path, supported: 'ReLU, TopK' })
  const k = values.get('activation_state_dict.k')
  if (typeof k !== 'number' || !Number.isInteger(k) || k < 1 || k > d_sae)
    return invalid(path, `k is ${String(k)}, but there are ${d_sae} latents`)
  return { kind: 'topk', k, byDecoderNorm: false }
}

/** The file says nothing of its place; the release's folders do, where they are kept. */
function hookOf(path: string): string | null {
  const layer = /^(\d+)\.pt$/.exec(basename(path))?.[1]
  const location = /^(.+?)(?:_v\d.*)?$/.exec(releaseOf(path))?.[1]
  const hook = location !== undefined && Object.hasOwn(LOCATIONS, location) ? LOCATIONS[location] : undefined
  return layer === undefined || hook === undefined ? null : `blocks.${layer}.${hook}`
}

function releaseOf(path: string): string {
  const above = dirname(path)
  return basename(basename(above) === 'autoencoders' ? dirname(above) : above)
}
