/**
 * Goodfire's open SAEs, one .pt or .pth file each ("Llama-3.1-8B-Instruct-SAE-l19.pth"): two linear layers.
 *   f = relu(encoder_linear(x));  y = decoder_linear(f)
 * Source: SAELens's loader of them; nothing is subtracted before the encoder.
 */
import type { SaeFormat } from '../types'
import { holdsOnly, linearLayout, readLinearFile, tensorsOf } from './common'

const LAYOUT = linearLayout('encoder_linear', 'decoder_linear')
const NAMES = [LAYOUT.W_enc, 'encoder_linear.bias', LAYOUT.W_dec, LAYOUT.b_dec]
const EXTENSIONS = ['.pt', '.pth']
const HINT = 'whether the file is an SAE of Goodfire’s'

export const goodfire: SaeFormat = {
  format: 'Goodfire',
  looksLike: 'a .pt or .pth file with encoder_linear and decoder_linear',
  matches: async (place) => holdsOnly(await tensorsOf(place, EXTENSIONS), NAMES),
  read: (place) =>
    readLinearFile(place, { format: goodfire.format, layout: LAYOUT, extensions: EXTENSIONS, named: /^(.+)-SAE-l(\d+)\.\w+$/, hint: HINT })
}
