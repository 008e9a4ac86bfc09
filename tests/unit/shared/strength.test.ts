import { expect, it } from 'vitest'
import type { Intervention, Recipe } from '../../../src/shared/records/steering'
import { atStrength } from '../../../src/shared/strength'

const edit = (given: Partial<Intervention>): Intervention => ({ latent: 1, mode: 'add', coefficient: 4, positions: 'all', ...given })
const recipe = (interventions: Intervention[]): Recipe => ({ id: 'r', name: 'r', interventions, keepError: false })

it.each([
  [edit({}), 0.5, { coefficient: 2 }],
  [edit({ mode: 'set' }), -1, { coefficient: -4 }],
  [edit({ mode: 'scale', coefficient: 3 }), 2, { coefficient: 5 }],
  [edit({ mode: 'project', coefficient: 0 }), 0.25, { coefficient: 0.75 }],
  [edit({ mode: 'clamp', coefficient: 1, upper: 3 }), 2, { coefficient: 2, upper: 6 }],
  [edit({ mode: 'clamp', coefficient: 1, upper: 3 }), -1, { coefficient: -3, upper: -1 }],
  [edit({ mode: 'ablate', coefficient: 0 }), 7, { coefficient: 0 }]
])('%o at %d is %o', (given, strength, expected) => {
  expect(atStrength(recipe([given]), strength).interventions).toEqual([{ ...given, ...expected }])
})

it('is the recipe itself at 1 and nothing at 0', () => {
  const given = recipe([edit({}), edit({ mode: 'clamp', coefficient: 0 }), edit({ mode: 'cap' })])
  expect(atStrength(given, 1)).toEqual(given)
  expect(atStrength(given, 0)).toEqual({ ...given, interventions: [], keepError: true })
})
