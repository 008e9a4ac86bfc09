import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Intervention, Recipe } from '../../shared/records/steering'
import type { ShownError } from '../components/ui/types'
import { directionNorm, NOTHING_KNOWN, type KnownUnits } from '../utils/edit-units'

/** What the units of edits come to on the prompt at hand, as far as it is known: the norms of directions, which recipes carry with them. */
export const useSteeringUnits = defineStore('steering-units', () => {
  const error = shallowRef<ShownError | null>(null)

  function of(recipe: Recipe, edit: Intervention): KnownUnits {
    const vector = recipe.directions?.find(({ id }) => id === edit.direction)?.vector
    return vector === undefined ? NOTHING_KNOWN : { ...NOTHING_KNOWN, rowNorm: directionNorm(vector) }
  }

  return { error, of }
})
