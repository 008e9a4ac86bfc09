/**
 * Qwen Scope, one file for each layer: <repository>/layer<L>.sae.pt with W_enc [d_sae, d_in], b_enc, W_dec [d_in, d_sae], b_dec.
 *   p = x W_encᵀ + b_enc;  f = relu(the k largest of p);  y = f W_decᵀ + b_dec
 * Source: the release's own example. k is in no file, only in the repository's name ("SAE-Res-Qwen3-8B-Base-W64K-L0_50"). The example
 * has no relu; it only matters where fewer than k of the pre-activations are positive.
 */
import { basename, dirname } from 'node:path'
import { fail } from '../../../shared/errors'
import type { SaeReading } from '../../../shared/records/model'
import type { Place, Sae, SaeFormat } from '../types'
import { fileFields, holdsOnly, invalid, layoutWeights, saeOf, sizesOf, tensorsOf, type Layout } from './common'

const LAYOUT: Layout = {
  W_enc: 'W_enc',
  encoderByLatent: true,
  W_dec: 'W_dec',
  decoderByOutput: true,
  vectors: { b_enc: 'b_enc' },
  b_dec: 'b_dec'
}
const NAMES = ['W_enc', 'b_enc', 'W_dec', 'b_dec']
const HINT = 'whether the file is an SAE of Qwen Scope'

export const qwenScope: SaeFormat = {
  format: 'Qwen Scope',
  looksLike: 'a .pt file with W_enc [d_sae, d_in] and W_dec [d_in, d_sae]',
  matches: async (place) => {
    const file = await tensorsOf(place, ['.pt'])
    if (file === null || !holdsOnly(file, NAMES)) return false
    const [size] = file.tensors.get('b_enc')?.shape ?? []
    return file.tensors.get('W_enc')?.shape[0] === size && file.tensors.get('W_dec')?.shape[1] === size
  },
  read
}

/** @throws TORCH_INVALID, PICKLE_REFUSED, SAE_NEEDS_K, SAE_CONFIG_INVALID, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
async function read(place: Place, reading: SaeReading): Promise<Sae> {
  const { path } = place
  const file = (await tensorsOf(place, ['.pt'])) ?? fail('FILE_MISSING', { path })
  const sizes = sizesOf(file, LAYOUT, HINT)
  const named = kIn(path)
  const k = reading.k ?? named?.k ?? fail('SAE_NEEDS_K', { path })
  if (k > sizes.d_sae) invalid(path, `k is ${k}, but there are only ${sizes.d_sae} latents`)
  const layer = /^layer_?(\d+)\./.exec(basename(path))?.[1]
  return saeOf({
    ...(await fileFields(file)),
    format: qwenScope.format,
    architecture: 'topk',
    ...sizes,
    ...layoutWeights(file, LAYOUT, sizes, HINT),
    gate: { kind: 'topk', k, byDecoderNorm: false },
    inBias: null,
    hook: layer === undefined ? null : `blocks.${layer}.hook_resid_post`,
    modelName: /SAE-Res-(.+?)-W\d+[KM]/i.exec(path)?.[1] ?? null,
    prependBos: false,
    notes: reading.k === undefined && named ? [`k = ${k} is taken from the folder's name, "${named.name}".`] : [`k = ${k} is as chosen.`]
  })
}

/** "L0_50" or "k50" in the names of the folders above. */
function kIn(path: string): { k: number; name: string } | null {
  for (const name of [basename(dirname(path)), basename(dirname(dirname(path)))]) {
    const k = Number(/(?:^|[-_])(?:L0[-_]?|k[-_=]?)(\d+)(?:$|[-_.])/i.exec(name)?.[1])
    if (k >= 1) return { k, name }
  }
  return null
}
