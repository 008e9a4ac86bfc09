/**
 * The SAEs of DeepSeek-R1-Distill-Llama-8B, one .pt file each ("DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt"): two linear layers.
 *   f = relu(encoder(x));  y = decoder(f)
 * Source: SAELens's loader of them; nothing is subtracted before the encoder. The names of their tensors are anybody's, so a file
 * that holds them and is called otherwise is matched by dictionary_learning as well, and a person is asked.
 */
import type { SaeFormat } from '../types'
import { holdsOnly, linearLayout, readLinearFile, tensorsOf } from './common'

const LAYOUT = linearLayout('encoder', 'decoder')
const NAMES = [LAYOUT.W_enc, 'encoder.bias', LAYOUT.W_dec, LAYOUT.b_dec]
const HINT = 'whether the file is an SAE of two linear layers'

export const deepSeek: SaeFormat = {
  format: 'DeepSeek',
  looksLike: 'a .pt file with encoder and decoder, weights and biases',
  matches: async (place) => holdsOnly(await tensorsOf(place, ['.pt']), NAMES),
  read: (place) =>
    readLinearFile(place, {
      format: deepSeek.format,
      layout: LAYOUT,
      extensions: ['.pt'],
      named: /^(DeepSeek.+)-SAE-l(\d+)\.pt$/i,
      hint: HINT
    })
}
