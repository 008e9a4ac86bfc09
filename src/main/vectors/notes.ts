/** What the files of vectors say beside the numbers. */
import type { Recipe } from '../../shared/records/steering'
import type { Content } from './types'

/** Hashes of the SAEs whose latents a recipe edits, each once. */
export function hashesOf({ recipe, sae }: Pick<Content, 'recipe' | 'sae'>): string[] {
  const named = recipe.interventions.flatMap((edit) => (edit.direction === undefined ? [edit.sae ?? sae?.hash ?? ''] : []))
  return [...new Set(named)].filter((hash) => hash !== '')
}

/** What a vector cannot say of a recipe, in words. */
export function notesOf({ editSpecial = true }: Recipe): string[] {
  return editSpecial ? [] : ['The recipe leaves out BOS and other special tokens; llama.cpp and plain hooks add the vector at them, too.']
}
