/** A recipe at another strength: what coefficients of a sweep multiply. */
import type { Intervention, Recipe } from './records/steering'

/**
 * The recipe at `strength`: 0 leaves every number as it is, 1 is the recipe itself.
 *
 *   add         coefficient x strength
 *   set, clamp  the values x strength; nothing at 0
 *   scale, project   1 + strength x (coefficient - 1)
 *   ablate, cap      as they are; nothing at 0
 *
 * The dropped error belongs to every strength but 0.
 */
export function atStrength(recipe: Recipe, strength: number): Recipe {
  if (strength === 0) return { ...recipe, interventions: [], keepError: true }
  return { ...recipe, interventions: recipe.interventions.map((edit) => editAt(edit, strength)) }
}

function editAt(edit: Intervention, strength: number): Intervention {
  const { mode, coefficient, upper } = edit
  if (mode === 'add' || mode === 'set') return { ...edit, coefficient: coefficient * strength }
  if (mode === 'scale' || mode === 'project') return { ...edit, coefficient: 1 + strength * (coefficient - 1) }
  if (mode !== 'clamp') return edit
  // A negative strength turns the bounds around.
  const bounds = [coefficient * strength, ...(upper === undefined ? [] : [upper * strength])].sort((a, b) => a - b)
  const [low = 0, high] = bounds
  return { ...edit, coefficient: low, ...(high === undefined ? {} : { upper: high }) }
}
