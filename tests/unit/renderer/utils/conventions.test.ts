import { describe, expect, it } from 'vitest'
import { Intervention } from '../../../../src/shared/records/steering'
import { asIn, CONVENTIONS, recipeAsIn, type Convention } from '../../../../src/renderer/utils/conventions'
import { NOTHING_KNOWN, type KnownUnits } from '../../../../src/renderer/utils/edit-units'
import { interventionAlong, interventionFor } from '../../../../src/renderer/utils/interventions'
import { recipeOf } from '../support'

/** A row of length 2 and a latent that reaches 10, on a prompt of 6 tokens. */
const known: KnownUnits = { rowNorm: 2, residualNorm: 40, largest: 16, max: 10, typical: 4, source: 'computed' }
const edit = interventionFor(7, 8)

function convention(id: string): Convention {
  const found = CONVENTIONS.find((each) => each.id === id)
  if (!found) throw new Error(`no convention ${id}`)
  return found
}

describe('edits as others make them', () => {
  it.each<[string, Intervention]>([
    ['saelens-max', { latent: 7, mode: 'add', coefficient: 2, unit: 'max', unitValue: 10, positions: 'all' }],
    ['saelens-raw', { latent: 7, mode: 'add', coefficient: 300, positions: 'range', range: [0, 4] }],
    ['neuronpedia-raw', { latent: 7, mode: 'add', coefficient: 8, positions: 'all' }],
    ['neuronpedia-normalised', { latent: 7, mode: 'add', coefficient: 16, unit: 'unit-row', positions: 'all' }],
    ['neuronpedia-orthogonal', { latent: 7, mode: 'project', coefficient: 0, positions: 'all' }],
    ['neuronpedia-cap', { latent: 7, mode: 'cap', coefficient: 16, unit: 'unit-row', positions: 'all' }],
    ['axbench-add', { latent: 7, mode: 'add', coefficient: 1, unit: 'max', unitValue: 10, positions: 'all' }],
    ['axbench-clamp', { latent: 7, mode: 'set', coefficient: 2, unit: 'max', unitValue: 10, positions: 'all' }],
    ['arad', { latent: 7, mode: 'add', coefficient: 10, unit: 'largest', positions: 'last' }]
  ])('are exactly what %s fixes, and the rest as it was', (id, expected) => {
    const applied = asIn(convention(id), edit, known, 6)
    expect(applied).toEqual({ edit: expected })
    expect(Intervention.safeParse('edit' in applied ? applied.edit : null).success).toBe(true)
  })

  it('are all checked above, keep the error term, and have names of their own', () => {
    expect(CONVENTIONS).toHaveLength(9)
    expect(CONVENTIONS.every(({ keepError }) => keepError)).toBe(true)
    expect(new Set(CONVENTIONS.map(({ name }) => name)).size).toBe(9)
  })

  it('say what is missing', () => {
    expect(asIn(convention('axbench-add'), edit, NOTHING_KNOWN, 6)).toEqual({
      missing: 'the latent’s largest activation is not known'
    })
    expect(asIn(convention('saelens-raw'), edit, known, 1)).toEqual({ missing: 'the prompt has no position before its last' })
    expect(asIn(convention('arad'), interventionAlong('d'), known, 6)).toEqual({ missing: 'a direction has no activations' })
  })

  it('take 50 for a largest activation that is not positive where AxBench does, and nobody else', () => {
    const silent = { ...known, max: 0 }
    expect(asIn(convention('axbench-add'), edit, silent, 6)).toMatchObject({ edit: { coefficient: 1, unitValue: 50 } })
    expect(asIn(convention('saelens-max'), edit, silent, 6)).toEqual({ missing: 'the latent’s largest activation is 0' })
  })

  it('use what is known of the largest activation now, not what an edit was made with', () => {
    const made = { ...edit, coefficient: 3, unit: 'max' as const, unitValue: 5 }
    expect(asIn(convention('saelens-max'), made, known, 6)).toMatchObject({ edit: { coefficient: 2, unitValue: 10 } })
    // 3 × 5 rows of length 2.
    expect(asIn(convention('neuronpedia-normalised'), made, known, 6)).toMatchObject({ edit: { coefficient: 30 } })
  })

  it('keep conditions, and let go of a range that they do not have', () => {
    const condition = { kind: 'activation' as const, latent: 3, is: 'above' as const, bound: 1 }
    const applied = asIn(convention('arad'), { ...edit, positions: 'range', range: [1, 2], condition }, known, 6)
    expect(applied).toEqual({ edit: { latent: 7, mode: 'add', coefficient: 10, unit: 'largest', positions: 'last', condition } })
  })

  it('change every edit of a recipe and its error term, or none', () => {
    const recipe = recipeOf('a', { interventions: [edit, interventionFor(9, 4)], keepError: false })
    const changed = recipeAsIn(convention('neuronpedia-normalised'), recipe, () => known, 6)
    expect(
      'recipe' in changed && [changed.recipe.keepError, ...changed.recipe.interventions.map(({ coefficient }) => coefficient)]
    ).toEqual([true, 16, 8])
    const partly = recipeAsIn(convention('saelens-max'), recipe, ({ latent }) => (latent === 9 ? NOTHING_KNOWN : known), 6)
    expect(partly).toEqual({ missing: 'latent 9: the latent’s largest activation is not known' })
  })
})
