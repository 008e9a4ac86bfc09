import { describe, expect, it } from 'vitest'
import type { Intervention, Recipe } from '../../../../src/shared/records/steering'
import { interventionAlong, interventionFor } from '../../../../src/renderer/utils/interventions'
import {
  assignColours,
  copyName,
  directionsToAdd,
  freeName,
  measuredSize,
  needsBench,
  readDraggedLatents,
  sameEffect,
  switchesOf,
  whyIdle,
  withIntervention,
  withLatents,
  withoutUnusedSaes,
  withSaeNamed
} from '../../../../src/renderer/utils/recipes'
import { recipeOf, tokenOf } from '../support'

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

  it('differ in units, bounds, ranges, conditions, SAEs and switches', () => {
    const changes: Partial<Intervention>[] = [
      { unit: 'residual' },
      { sae: 'sha256:b' },
      { positions: 'range', range: [1, 2] },
      { condition: { kind: 'activation', latent: 3, is: 'above', bound: 1 } }
    ]
    for (const change of changes)
      expect(sameEffect(recipe, { ...recipe, interventions: [{ ...interventionFor(1, 3), ...change }] })).toBe(false)
    const clamp = (upper: number): Recipe => recipeOf('a', { interventions: [{ ...interventionFor(1, 3), mode: 'clamp', upper }] })
    expect(sameEffect(clamp(4), clamp(5))).toBe(false)
    const max = (unitValue: number): Recipe => recipeOf('a', { interventions: [{ ...interventionFor(1, 3), unit: 'max', unitValue }] })
    expect(sameEffect(max(4), max(5))).toBe(false)
    expect(sameEffect(recipe, { ...recipe, editSpecial: false })).toBe(false)
    expect(sameEffect(recipe, { ...recipe, freezeAttention: true })).toBe(false)
    expect(sameEffect(recipe, { ...recipe, editSpecial: true, freezeAttention: false })).toBe(true)
  })

  it('do not differ by what is said twice or not used', () => {
    const edit = interventionFor(1, 3)
    expect(sameEffect(recipe, { ...recipe, interventions: [{ ...edit, unit: 'row', range: [1, 2], upper: 9 }] })).toBe(true)
    const along = (id: string, vector: string): Recipe =>
      recipeOf('a', { interventions: [interventionAlong(id)], directions: [{ id, name: id, hook: 'h', vector, origin: '' }] })
    expect(sameEffect(along('x', 'AAAA'), along('y', 'AAAA'))).toBe(true)
    expect(sameEffect(along('x', 'AAAA'), along('x', 'AAAB'))).toBe(false)
  })

  it('do not differ by the unused coefficient of an ablation', () => {
    const ablate = (coefficient: number) => recipeOf('a', { interventions: [{ latent: 1, mode: 'ablate', coefficient, positions: 'all' }] })
    expect(sameEffect(ablate(0), ablate(5))).toBe(true)
  })
})

describe('recipes of several SAEs', () => {
  const sae = { name: 'other', path: '/other', hash: 'sha256:b', hook: 'blocks.1.hook_resid_post', reading: {} }
  const own = recipeOf('a', { interventions: [interventionFor(1, 3)] })

  it('mean the bench’s SAE where they name none', () => {
    expect(needsBench(own)).toBe(true)
    expect(needsBench(recipeOf('a', { interventions: [interventionAlong('d')] }))).toBe(false)
    expect(needsBench(recipeOf('a', { interventions: [interventionAlong('d')], keepError: false }))).toBe(true)
    const asks = { ...interventionAlong('d'), condition: { kind: 'activation' as const, latent: 3, is: 'above' as const, bound: 1 } }
    expect(needsBench(recipeOf('a', { interventions: [asks] }))).toBe(true)
  })

  it('can stand on any bench once it is named', () => {
    const named = withSaeNamed({ ...own, keepError: false }, sae)
    expect(needsBench(named)).toBe(false)
    expect(named.interventions[0]?.sae).toBe('sha256:b')
    expect(named.saes).toEqual([sae])
    expect(withSaeNamed(named, sae)).toEqual(named)
  })

  it('edit the same number of two SAEs as two latents', () => {
    const both = withLatents(own, [{ ...interventionFor(1, 5), sae: sae.hash }])
    expect(both.interventions).toHaveLength(2)
  })

  it('let go of SAEs that nothing names any more', () => {
    const named = withSaeNamed(own, sae)
    expect(withoutUnusedSaes(named)).toBe(named)
    expect('saes' in withoutUnusedSaes({ ...named, interventions: [] })).toBe(false)
    expect(withoutUnusedSaes(own)).toBe(own)
  })
})

describe('what a recipe shows of itself', () => {
  it('is what it does otherwise than usual, each with the way back', () => {
    expect(switchesOf(recipeOf('a', { editSpecial: true, freezeAttention: false }))).toEqual([])
    const odd = recipeOf('a', { keepError: false, editSpecial: false, freezeAttention: true })
    expect(switchesOf(odd).map(({ label }) => label)).toEqual(['no error', 'no specials', 'attention frozen'])
    expect(switchesOf(odd).map(({ usual }) => switchesOf(usual).length)).toEqual([2, 2, 2])
  })

  it('are the directions it could edit: its own and those of others, each once', () => {
    const direction = (id: string, vector: string) => ({ id, name: id, hook: 'blocks.1.hook_resid_post', vector, origin: '' })
    const own = recipeOf('a', { directions: [direction('x', 'AAAA'), direction('y', 'AAAB')], interventions: [interventionAlong('x')] })
    const other = recipeOf('b', { directions: [direction('copy of x', 'AAAA'), direction('copy of y', 'AAAB'), direction('z', 'AAAC')] })
    expect(directionsToAdd(own, [own, other]).map(({ id }) => id)).toEqual(['y', 'z'])
  })

  it('is how far the edits moved the residual stream, where tokens say', () => {
    expect(measuredSize([{ ...tokenOf('a'), editSize: 0.25 }, { ...tokenOf('b'), editSize: 0.75 }, tokenOf('c')])).toEqual({
      mean: 0.5,
      largest: 0.75
    })
    expect(measuredSize([tokenOf('a')])).toBeNull()
  })
})

describe('recipes that change nothing', () => {
  it('say so', () => {
    expect(whyIdle(recipeOf('a'))).toContain('Nothing is edited yet')
    expect(whyIdle(recipeOf('a', { interventions: [{ ...interventionFor(1), coefficient: 0 }] }))).toContain('size 0')
    expect(whyIdle(recipeOf('a', { interventions: [interventionFor(1)] }))).toBeNull()
    expect(whyIdle(recipeOf('a', { keepError: false }))).toBeNull()
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

  it('say which SAE they are of when it is not the bench’s', () => {
    expect(readDraggedLatents('{"latent":4,"sae":"sha256:b"}')).toEqual([{ latent: 4, label: null, activation: null, sae: 'sha256:b' }])
  })

  it('are none when the data is something else', () => {
    for (const data of ['', 'latent 4', '{"latent":-1}', '{"latent":1.5}', '[null,"4",{}]', '3.5'])
      expect(readDraggedLatents(data)).toEqual([])
  })
})
