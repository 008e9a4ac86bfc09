import { describe, expect, it } from 'vitest'
import type { Intervention } from '../../../../src/shared/records/steering'
import type { KnownUnits } from '../../../../src/renderer/utils/edit-units'
import {
  describeIntervention,
  describeSize,
  inMode,
  interventionAlong,
  interventionFor,
  isIdle,
  modesOf,
  parseRange,
  pickedRange,
  plainNumber,
  shortPositions,
  stepOf
} from '../../../../src/renderer/utils/interventions'
import { recipeOf } from '../support'

const known: KnownUnits = { rowNorm: 2, residualNorm: 40, largest: 16, max: 10, typical: 4, source: '' }

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
  it('keeps the coefficient between add, set and clamp, which share its scale', () => {
    expect(inMode(add, 'set').coefficient).toBe(12)
    expect(inMode(add, 'clamp')).toEqual({ ...add, mode: 'clamp' })
    expect(inMode({ ...add, mode: 'clamp', upper: 20 }, 'add')).toEqual(add)
  })

  it('takes a factor of two for scale, none for ablate, and a usual strength on the way back', () => {
    expect(inMode(add, 'scale').coefficient).toBe(2)
    expect(inMode(add, 'ablate').coefficient).toBe(0)
    expect(inMode(inMode(add, 'scale'), 'add').coefficient).toBe(8)
    expect(inMode(add, 'add')).toBe(add)
  })

  it('turns units that the new mode does not have into activations of the same size', () => {
    // 0.6 ‖x‖ is 0.6 × 40 = 24 long: 12 rows of length 2.
    expect(inMode({ ...add, coefficient: 0.6, unit: 'residual' }, 'set', known)).toEqual({ ...add, mode: 'set', coefficient: 12 })
    expect(inMode({ ...add, coefficient: 2, unit: 'max', unitValue: 10 }, 'set', known)).toEqual({
      ...add,
      mode: 'set',
      coefficient: 2,
      unit: 'max',
      unitValue: 10
    })
    expect(inMode(add, 'cap', known)).toEqual({ ...add, mode: 'cap', coefficient: 24, unit: 'unit-row' })
    expect(inMode(inMode(add, 'cap', known), 'set', known).coefficient).toBe(12)
    expect(inMode(add, 'project', known)).toEqual({ ...add, mode: 'project', coefficient: 0 })
  })

  it('offers a direction what needs no activation', () => {
    expect(modesOf(true).map(({ value }) => value)).toEqual(['add', 'project', 'cap'])
    expect(modesOf(false)).toHaveLength(7)
  })
})

describe('the number of an edit', () => {
  it('moves in steps that fit its size', () => {
    const step = (coefficient: number, change: Partial<Intervention> = {}): number => stepOf({ mode: 'add', coefficient, ...change })
    expect([8, 1.5, 300, 0.04, -12].map((each) => step(each))).toEqual([0.5, 0.1, 50, 0.005, 1])
    expect(step(0)).toBe(0.1)
    expect(step(0, { unit: 'residual' })).toBe(0.01)
    expect(step(40, { mode: 'scale' })).toBe(0.1)
  })

  it('shows typed numbers without digits that only fill up', () => {
    expect([0.2, 8, -12.5, 100, 0, 1200.25].map(plainNumber)).toEqual(['0.2', '8', '−12.5', '100', '0', '1200.25'])
  })
})

describe('words for an intervention', () => {
  const edit = interventionFor(402, 8)
  it('name latent, label, mode, coefficient with its unit, and positions', () => {
    expect(describeIntervention(edit, 'sadness words')).toBe('402 sadness words: add 8 × row at all positions')
    expect(describeIntervention({ latent: 7, mode: 'ablate', coefficient: 0, positions: 'last' }, null)).toBe(
      '7: ablate at the last position'
    )
  })

  it('name bounds, ranges and conditions', () => {
    expect(describeIntervention({ ...edit, mode: 'clamp', coefficient: 2, upper: 6, positions: 'range', range: [3, 7] }, null)).toBe(
      '402: clamp to 2–6 at positions 3 to 7'
    )
    expect(describeIntervention({ ...edit, condition: { kind: 'activation', latent: 9, is: 'above', bound: 1.5 } }, null)).toBe(
      '402: add 8 × row at all positions where latent 9 is above 1.5'
    )
    const token = { id: 5, text: ' sad', special: false }
    expect(describeIntervention({ ...edit, condition: { kind: 'probability', token, is: 'below', bound: 0.05 } }, null)).toBe(
      '402: add 8 × row at all positions where the next token is “·sad” with probability below 5\u00a0%'
    )
  })

  it('name directions from their recipe', () => {
    const direction = { id: 'd', name: 'joy − sorrow', hook: 'blocks.2.hook_resid_post', vector: '', origin: '' }
    expect(
      describeIntervention(
        { ...interventionAlong('d'), unit: 'residual', coefficient: 0.2 },
        null,
        recipeOf('a', { directions: [direction] })
      )
    ).toBe('joy − sorrow: add 0.2 × ‖x‖ at all positions')
    expect(describeIntervention({ ...interventionAlong('d'), mode: 'project', coefficient: 0 }, null, recipeOf('a'))).toBe(
      'a direction that is missing: project out at all positions'
    )
  })

  it('say where it acts shortly', () => {
    expect(shortPositions(edit)).toBe('all')
    expect(shortPositions({ positions: 'range', range: [3, 7] })).toBe('3–7')
    expect(shortPositions({ positions: 'range', range: [3, 3] })).toBe('3')
  })

  it('say how large it is beside the residual stream', () => {
    // 8 rows of length 2 beside 40.
    expect(describeSize(edit, known)?.short).toBe('0.40 ‖x‖')
    expect(describeSize({ ...edit, mode: 'set' }, known)?.short).toBe('→ 0.40 ‖x‖')
    expect(describeSize({ ...edit, mode: 'clamp', upper: 16 }, known)?.short).toBe('0.40–0.80 ‖x‖')
    expect(describeSize({ ...edit, mode: 'clamp' }, known)?.short).toBe('≥ 0.40 ‖x‖')
    expect(describeSize({ ...edit, mode: 'cap' }, known)?.short).toBe('≤ 0.20 ‖x‖')
    expect(describeSize({ ...edit, mode: 'ablate' }, known)).toBeNull()
  })
})

describe('edits that change nothing', () => {
  const edit = interventionFor(1, 8)
  it('are additions of nothing and factors of one', () => {
    expect(isIdle({ ...edit, coefficient: 0 })).toBe(true)
    expect(isIdle({ ...edit, unit: 'max', unitValue: 0 })).toBe(true)
    expect(isIdle({ ...edit, mode: 'scale', coefficient: 1 })).toBe(true)
    expect(isIdle({ ...edit, mode: 'project', coefficient: 1 })).toBe(true)
    expect(isIdle({ ...edit, positions: 'range', range: [4, 3] })).toBe(true)
  })

  it('are not those that set, project out or scale to nothing', () => {
    for (const mode of ['set', 'scale', 'project', 'ablate', 'cap', 'clamp'] as const)
      expect(isIdle({ ...edit, mode, coefficient: 0 })).toBe(false)
    expect(isIdle(edit)).toBe(false)
  })
})

describe('ranges of positions', () => {
  it('are read from what is typed, in either order', () => {
    expect(['3-7', '3–7', ' 7 : 3 ', '3 7', '5'].map(parseRange)).toEqual([
      [3, 7],
      [3, 7],
      [3, 7],
      [3, 7],
      [5, 5]
    ])
    for (const text of ['', '-3', '3-', 'a-b', '1.5', '1-2-3', '123456789']) expect(parseRange(text)).toBeNull()
  })

  it('are picked by their first and their last token, in either order', () => {
    expect(pickedRange(null, 4)).toEqual([4, 4])
    expect(pickedRange(4, 2)).toEqual([2, 4])
  })
})
