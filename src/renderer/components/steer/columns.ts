import { computed, type ComputedRef } from 'vue'
import type { Recipe } from '../../../shared/records/steering'
import { useComparison } from '../../stores/comparison'
import { useRecipes } from '../../stores/recipes'
import { useSteering } from '../../stores/steering'
import type { LiveColumn } from '../../utils/live-comparison'
import { assignColours, BASELINE_COLOUR, sameEffect } from '../../utils/recipes'

/** One column of the Steer view: what stands above it and what was generated for it. */
export interface SteerColumn {
  /** The recipe's id, or "baseline". */
  key: string
  recipe: Recipe | null
  /** Index of its categorical colour. */
  colour: number
  live: LiveColumn | null
  /** True when the recipe was changed after its text was generated. */
  stale: boolean
}

/** Whether a recipe was changed since; asked for every column at every frame of a run, and recipes can hold whole vectors. */
const compared = new WeakMap<Recipe, WeakMap<Recipe, boolean>>()

function changedSince(made: Recipe, now: Recipe): boolean {
  if (made === now) return false
  const known = compared.get(made) ?? new WeakMap<Recipe, boolean>()
  compared.set(made, known)
  const before = known.get(now)
  if (before !== undefined) return before
  const changed = !sameEffect(made, now)
  known.set(now, changed)
  return changed
}

/** The columns on show: those of the bench with what was generated for them, or those of a pinned comparison. */
export function useColumns(): ComputedRef<SteerColumn[]> {
  const steering = useSteering()
  const comparison = useComparison()
  const recipes = useRecipes()
  return computed(() => {
    const shown = comparison.pinned ? comparison.columns.flatMap(({ recipe }) => (recipe ? [recipe] : [])) : steering.columns
    const colours = assignColours(recipes.colours, [...new Set([...recipes.colours.keys(), ...shown.map(({ id }) => id)])])
    const baseline: SteerColumn = {
      key: 'baseline',
      recipe: null,
      colour: BASELINE_COLOUR,
      live: comparison.columns[0] ?? null,
      stale: false
    }
    return [
      baseline,
      ...shown.map((recipe): SteerColumn => {
        const live = comparison.columns.find((column) => column.recipe?.id === recipe.id) ?? null
        const stale = live?.recipe != null && live.tokens.length > 0 && changedSince(live.recipe, recipe)
        return { key: recipe.id, recipe, colour: colours.get(recipe.id) ?? 0, live, stale }
      })
    ]
  })
}
