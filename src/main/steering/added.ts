/**
 * What a recipe adds whatever the text is. An `add` without a condition, in a unit that does not look at the text, displaces the hook
 * value by the same vector at every position it acts on:
 *
 *   factor = coefficient                    row
 *            coefficient / ||r||            unit-row
 *            coefficient x unitValue        max, typical
 *   v = float32( sum_i factor_i r_i )       sums in float64 in the order of the list, rounded once
 *
 * The engine adds v, not one product after the other, so that a vector that is taken away and brought back (factor 1 along v) gives the same
 * bits as the edits it was summed from.
 */
import { assert } from '../../shared/errors'
import type { Intervention } from '../../shared/records/steering'
import { normOf } from '../runtime'

/** Why an edit does not add the same vector at every position it acts on, in words that go on "it ..."; null when it does. */
export function whyNotConstant({ mode, unit = 'row', unitValue, condition }: Intervention): string | null {
  if (mode !== 'add') return `has the mode "${mode}", whose effect depends on the text`
  if (condition !== undefined) return 'acts only where a condition holds'
  if (unit === 'residual') return 'is measured by the length of the residual stream at each position'
  if (unit === 'largest') return 'is measured by the largest activation at each position'
  if ((unit === 'max' || unit === 'typical') && unitValue === undefined) return `does not say what its unit "${unit}" stands for`
  return null
}

/** What the direction r is multiplied by, in float64. The edit is one that `whyNotConstant` finds nothing against; a zero direction stays zero. */
export function constantFactor({ coefficient, unit = 'row', unitValue = 1 }: Intervention, direction: Float32Array): number {
  if (unit === 'max' || unit === 'typical') return coefficient * unitValue
  if (unit !== 'unit-row') return coefficient
  const norm = normOf(direction)
  return norm === 0 ? 0 : coefficient / norm
}

/** v of several constant edits, float32 [width]: see the head of this file. */
export function addedVector(
  edits: readonly { readonly edit: Intervention; readonly direction: Float32Array }[],
  width: number
): Float32Array {
  const sum = new Float64Array(width)
  for (const { edit, direction } of edits) {
    assert(direction.length === width, 'a direction is as wide as its hook point')
    const factor = constantFactor(edit, direction)
    if (factor === 0) continue
    for (let index = 0; index < width; index++) sum[index] = (sum[index] ?? 0) + factor * (direction[index] ?? 0)
  }
  return Float32Array.from(sum)
}
