/**
 * The SAEs of DeepSeek-R1-Distill-Llama-8B, one .pt file each ("DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt"): two linear layers.
 *   f = relu(encoder(x));  y = decoder(f)
 * Source: SAELens's loader of them; nothing is subtracted before the encoder. The names of their tensors are anybody's, so a file
 * that holds them and is called otherwise is matched by dictionary_learning as well, and a person is asked.
 */
import { basename } from 'node:path'
import { fail } from '../../../shared/errors'
import type { Place, Sae, SaeFormat } from '../types'
import { fileFields, holdsOnly, layoutWeights, linearLayout, saeOf, sizesOf, tensorsOf } from './common'

const LAYOUT = linearLayout('encoder', 'decoder')
const NAMES = [LAYOUT.W_enc, 'encoder.bias', LAYOUT.W_dec, LAYOUT.b_dec]
const HINT = 'whether the file is an SAE of two linear layers'

export const deepSeek: SaeFormat = {
  format: 'DeepSeek',
  looksLike: 'a .pt file with encoder and decoder, weights and biases',
  matches: async (place) => holdsOnly(await tensorsOf(place, ['.pt']), NAMES),
  read
}

/** @throws TORCH_INVALID, PICKLE_REFUSED, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place): Promise<Sae> {
  const file = (await tensorsOf(place, ['.pt'])) ?? fail('FILE_MISSING', { path: place.path })
  const sizes = sizesOf(file, LAYOUT, HINT)
  const [, model, layer] = /^(DeepSeek.+)-SAE-l(\d+)\.pt$/i.exec(basename(place.path)) ?? []
  return saeOf({
    ...(await fileFields(file)),
    format: deepSeek.format,
    architecture: 'relu',
    ...sizes,
    ...layoutWeights(file, LAYOUT, sizes, HINT),
    gate: { kind: 'relu' },
    inBias: null,
    hook: layer === undefined ? null : `blocks.${layer}.hook_resid_post`,
    modelName: model ?? null
  })
}
