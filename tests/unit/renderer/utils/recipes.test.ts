import { describe, expect, it } from 'vitest'
import {
  assignColours,
  copyName,
  describeIntervention,
  freeName,
  inMode,
  interventionFor,
  plainNumber,
  readDraggedLatents,
  sameEffect,
  withIntervention,
  withLatents
} from '../../../../src/renderer/utils/recipes'
import { recipeOf } from '../support'

describe('a first intervention', () => {
  it('adds as much as the latent was active, to two digits', () => {
    expect(interventionFor(402, 12.437)).toEqual({ latent: 402, mode: 'add', coefficient: 12, positions: 'all' })
    expect(interventionFor(402, 0.03781).coefficient).toBe(0.038)
  })

  it('has a usual strength when no activation is known', () => {
    expect(interventionFor(402).coefficient).toBe(8)
    expect(interventionFor(402, 0).coefficient).toBe(8)
    expect(interventionFor(402, NaN).coefficient).toBe(8)
  })
})

describe('another mode', () => {
  const add = interventionFor(1, 12)
  it('keeps the coefficient between add and set, which share its scale', () => {
    expect(inMode(add, 'set').coefficient).toBe(12)
  })

  it('takes a factor of two for scale, none for ablate, and a usual strength on the way back', () => {
    expect(inMode(add, 'scale').coefficient).toBe(2)
    expect(inMode(add, 'ablate').coefficient).toBe(0)
    expect(inMode(inMode(add, 'scale'), 'add').coefficient).toBe(8)
    expect(inMode(add, 'add')).toBe(add)
  })
})

describe('editing a recipe', () => {
  it('adds latents it does not have, once each', () => {
    const recipe = withLatents(recipeOf('a'), [interventionFor(1, 3), interventionFor(2, 4)])
    expect(recipe.interventions.map(({ latent }) => latent)).toEqual([1, 2])
    expect(withLatents(recipe, [interventionFor(2, 99)])).toBe(recipe)
  })

  it('replaces and removes by place and leaves the original alone', () => {
    const recipe = withLatents(recipeOf('a'), [interventionFor(1), interventionFor(2)])
    expect(withIntervention(recipe, 1, interventionFor(3)).interventions.map(({ latent }) => latent)).toEqual([1, 3])
    expect(withIntervention(recipe, 0, null).interventions.map(({ latent }) => latent)).toEqual([2])
    expect(recipe.interventions).toHaveLength(2)
  })

  it('finds names that are free', () => {
    expect(freeName(['Recipe 1', 'Recipe 3'])).toBe('Recipe 2')
    expect(copyName('sad', [])).toBe('sad copy')
    expect(copyName('sad copy', ['sad', 'sad copy', 'sad copy 2'])).toBe('sad copy 3')
  })
})

describe('recipes that make the same run', () => {
  const recipe = recipeOf('a', { interventions: [interventionFor(1, 3)] })
  it('may differ in name and id', () => {
    expect(sameEffect(recipe, { ...recipe, id: 'b', name: 'other' })).toBe(true)
  })

  it('differ in any part of an intervention and in the error term', () => {
    expect(sameEffect(recipe, { ...recipe, keepError: false })).toBe(false)
    expect(sameEffect(recipe, { ...recipe, interventions: [] })).toBe(false)
    for (const change of [{ latent: 2 }, { coefficient: 4 }, { positions: 'last' as const }, { mode: 'set' as const }])
      expect(sameEffect(recipe, { ...recipe, interventions: [{ ...interventionFor(1, 3), ...change }] })).toBe(false)
  })

  it('do not differ by the unused coefficient of an ablation', () => {
    const ablate = (coefficient: number) => recipeOf('a', { interventions: [{ latent: 1, mode: 'ablate', coefficient, positions: 'all' }] })
    expect(sameEffect(ablate(0), ablate(5))).toBe(true)
  })
})

describe('words for an intervention', () => {
  it('show typed numbers without digits that only fill up', () => {
    expect([0.2, 8, -12.5, 100, 0, 1200.25].map(plainNumber)).toEqual(['0.2', '8', '−12.5', '100', '0', '1200.25'])
  })

  it('name latent, label, mode, coefficient with its unit, and positions', () => {
    expect(describeIntervention(interventionFor(402, 8), 'sadness words')).toBe(
      '402 sadness words: add 8 × raw decoder row at all positions'
    )
    expect(describeIntervention({ latent: 7, mode: 'ablate', coefficient: 0, positions: 'last' }, null)).toBe(
      '7: ablate at the last position'
    )
  })
})

describe('colours of recipes', () => {
  it('stay with their recipe when others come and go', () => {
    const first = assignColours(new Map(), ['a', 'b', 'c'])
    expect([...first]).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2]
    ])
    const later = assignColours(first, ['c', 'd', 'a'])
    expect([later.get('a'), later.get('c'), later.get('d')]).toEqual([0, 2, 1])
  })

  it('are shared evenly when there are more recipes than colours', () => {
    const ids = Array.from({ length: 9 }, (_, index) => `r${index}`)
    expect([...assignColours(new Map(), ids).values()]).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 1])
  })
})

describe('dragged latents', () => {
  it('are read from one, from a list, and from bare numbers', () => {
    expect(readDraggedLatents('{"latent":4,"label":"sad","activation":2.5}')).toEqual([{ latent: 4, label: 'sad', activation: 2.5 }])
    expect(readDraggedLatents('[4,{"latent":5}]')).toEqual([
      { latent: 4, label: null, activation: null },
      { latent: 5, label: null, activation: null }
    ])
  })

  it('are none when the data is something else', () => {
    for (const data of ['', 'latent 4', '{"latent":-1}', '{"latent":1.5}', '[null,"4",{}]', '3.5'])
      expect(readDraggedLatents(data)).toEqual([])
  })
})
