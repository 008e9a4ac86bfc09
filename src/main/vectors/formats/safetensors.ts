/**
 * Summed vectors as safetensors: `direction.{layer}` F32 [d_model], which is added to the output of block `layer`
 * (`blocks.{layer}.hook_resid_post`; `model.layers[layer]` of transformers) at every position. The metadata name the recipe, the model
 * and the SAEs with their hashes. Reads the same, files with tensors named like hook points, and files of one vector.
 */
import { readSafetensors } from '../../tensors/safetensors'
import { writeSafetensors } from '../../tensors/write-safetensors'
import { hashesOf, notesOf } from '../notes'
import type { FormatSpec } from '../types'
import { EDIT_SPECIAL, MODEL_HASH, MODEL_NAME, modelIn, RECIPE_NAME, SAE_HASHES, tensorNames, vectorsOf, WORKBENCH } from '../named'

export const safetensors: FormatSpec = {
  format: 'safetensors',
  title: 'vectors (.safetensors)',
  matches: (start) => start[8] === 0x7b && start.length > 8 && start[0] !== 0x7b,
  async read(path) {
    const file = await readSafetensors(path)
    const { metadata } = file
    const { vectors, notes } = await vectorsOf(file)
    const name = metadata[RECIPE_NAME] ?? null
    return { kind: 'vectors', name, vectors, editSpecial: metadata[EDIT_SPECIAL] !== 'false', model: modelIn(metadata), notes }
  },
  async write(path, content) {
    const { recipe, model, workbench } = content
    const tensors = Object.entries(tensorNames(await content.vectors())).map(
      ([name, data]) => [name, { dtype: 'F32', shape: [data.length], data }] as const
    )
    await writeSafetensors(path, Object.fromEntries(tensors), {
      format: 'pt',
      [RECIPE_NAME]: recipe.name,
      [MODEL_NAME]: model.name,
      [MODEL_HASH]: model.hash,
      [SAE_HASHES]: hashesOf(content).join(' '),
      [EDIT_SPECIAL]: String(recipe.editSpecial ?? true),
      [WORKBENCH]: workbench
    })
    return notesOf(recipe)
  }
}
