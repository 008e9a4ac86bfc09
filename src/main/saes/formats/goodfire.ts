/**
 * Goodfire's open SAEs, one .pt or .pth file each ("Llama-3.1-8B-Instruct-SAE-l19.pth"): two linear layers.
 *   f = relu(encoder_linear(x));  y = decoder_linear(f)
 * Source: SAELens's loader of them; nothing is subtracted before the encoder.
 */
import { basename } from 'node:path'
import { fail } from '../../../shared/errors'
import type { Place, Sae, SaeFormat } from '../types'
import { fileFields, holdsOnly, layoutWeights, linearLayout, saeOf, sizesOf, tensorsOf } from './common'

const LAYOUT = linearLayout('encoder_linear', 'decoder_linear')
const NAMES = [LAYOUT.W_enc, 'encoder_linear.bias', LAYOUT.W_dec, LAYOUT.b_dec]
const EXTENSIONS = ['.pt', '.pth']
const HINT = 'whether the file is an SAE of Goodfire’s'

export const goodfire: SaeFormat = {
  format: 'Goodfire',
  looksLike: 'a .pt or .pth file with encoder_linear and decoder_linear',
  matches: async (place) => holdsOnly(await tensorsOf(place, EXTENSIONS), NAMES),
  read
}

/** @throws TORCH_INVALID, PICKLE_REFUSED, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place): Promise<Sae> {
  const file = (await tensorsOf(place, EXTENSIONS)) ?? fail('FILE_MISSING', { path: place.path })
  const sizes = sizesOf(file, LAYOUT, HINT)
  const [, model, layer] = /^(.+)-SAE-l(\d+)\.\w+$/.exec(basename(place.path)) ?? []
  return saeOf({
    ...(await fileFields(file)),
    format: goodfire.format,
    architecture: 'relu',
    ...sizes,
    ...layoutWeights(file, LAYOUT, sizes, HINT),
    gate: { kind: 'relu' },
    inBias: null,
    hook: layer === undefined ? null : `blocks.${layer}.hook_resid_post`,
    modelName: model ?? null
  })
}
