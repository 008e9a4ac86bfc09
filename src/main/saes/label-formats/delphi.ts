/**
 * Delphi's output: explanations/{module}_latent{n}.txt, each file one JSON string. The module is a hook point in sparsify's names, such as
 * layers.10.mlp; which SAE that was, the files do not say. Lists under scores/ have the same names and are no strings.
 * Source: delphi/__main__.py (explainer_postprocess) and delphi/latents/latents.py (Latent), restated.
 */
import { basename } from 'node:path'
import { z } from 'zod'
import { LABEL_CHARACTERS, plainText } from '../labels/record'
import type { LabelFormat } from './types'

const NAME = /^(.{1,200})_latent(\d{1,9})\.txt$/

const Explanation = z.string().max(LABEL_CHARACTERS)

export const delphi: LabelFormat = {
  format: 'delphi',
  title: 'Delphi',
  lineBytes: 2 ** 20,
  folded: false,
  matches: (first, path) => typeof first === 'string' && NAME.test(basename(path)),
  read(line, path) {
    const [, module = '', latent = ''] = NAME.exec(basename(path)) ?? []
    const label = plainText(Explanation.parse(line))
    return { claim: module, records: label === '' ? [] : [{ id: Number(latent), label }] }
  },
  // sparsify saves each SAE in a folder that is called after its module.
  belongs: (claim, { folder }) => (basename(folder) === claim ? true : null)
}
