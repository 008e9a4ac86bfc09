/**
 * Summed vectors as llama.cpp's control vector: architecture "controlvector", one F32 tensor of one axis `direction.{layer}` for each block.
 *
 * Which layer is which, from llama.cpp's sources: loading puts `direction.{i}` at place i - 1 of its buffer
 * (common_control_vector_load_one in common/common.cpp), applying fills the vector of layer il from place il - 1
 * (llama_adapter_cvec::apply in src/llama-adapter.cpp), and each architecture adds that vector to the output of block il, after the
 * feed-forward part is added to the stream (build_cvec before "l_out"). So `direction.{i}` belongs at `blocks.{i}.hook_resid_post`, the same
 * number. Layer 0 has no vector there, and a file that names it is refused whole: a recipe that adds after the first block cannot be
 * written. `controlvector.model_hint` and `controlvector.layer_count` are written as llama.cpp's own generator and repeng do; loading
 * reads neither.
 */
import { fail } from '../../../shared/errors'
import { isGguf, readGguf } from '../../tensors/gguf'
import { writeGguf } from '../../tensors/write-gguf'
import { hashesOf, notesOf } from '../notes'
import type { FormatSpec } from '../types'
import { EDIT_SPECIAL, MODEL_HASH, MODEL_NAME, modelIn, RECIPE_NAME, SAE_HASHES, tensorNames, vectorsOf, WORKBENCH } from '../named'

const ARCHITECTURE = 'controlvector'

export const gguf: FormatSpec = {
  format: 'gguf',
  title: 'a control vector of llama.cpp (.gguf)',
  matches: isGguf,
  async read(path) {
    const file = await readGguf(path)
    const { metadata } = file
    const architecture = metadata['general.architecture'] ?? ''
    if (architecture !== ARCHITECTURE)
      return fail('VECTORS_INVALID', { path, reason: `its architecture is "${architecture}", and control vectors say "${ARCHITECTURE}"` })
    const { vectors, notes } = await vectorsOf(file)
    const name = metadata[RECIPE_NAME] ?? null
    const all = [...file.notes, ...notes]
    return { kind: 'vectors', name, vectors, editSpecial: metadata[EDIT_SPECIAL] !== 'false', model: modelIn(metadata), notes: all }
  },
  async write(path, content) {
    const { recipe, model, workbench } = content
    const vectors = await content.vectors()
    if (vectors.some(({ layer }) => layer === 0))
      return fail('VECTOR_REFUSED', {
        recipe: recipe.name,
        edit: 'it',
        reason: 'adds after the first block (layer 0), which llama.cpp has no control vector for'
      })
    const metadata = {
      'general.architecture': ARCHITECTURE,
      'controlvector.model_hint': model.type,
      'controlvector.layer_count': { uint32: vectors.length },
      [RECIPE_NAME]: recipe.name,
      [MODEL_NAME]: model.name,
      [MODEL_HASH]: model.hash,
      [SAE_HASHES]: hashesOf(content).join(' '),
      [EDIT_SPECIAL]: recipe.editSpecial ?? true,
      [WORKBENCH]: workbench
    }
    await writeGguf(path, metadata, tensorNames(vectors))
    return notesOf(recipe)
  }
}
