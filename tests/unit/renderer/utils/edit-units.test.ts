import { describe, expect, it } from 'vitest'
import type { CoefficientUnit, Intervention } from '../../../../src/shared/records/steering'
import {
  conversion,
  directionNorm,
  inUnit,
  NOTHING_KNOWN,
  sizeOf,
  unitMissing,
  unitOf,
  unitsOf,
  unitText,
  type KnownUnits
} from '../../../../src/renderer/utils/edit-units'

/** A row of length 2, a residual stream of length 40, a latent that reaches 10 and is typically 4, on a prompt whose most active latent has 16. */
const known: KnownUnits = { rowNorm: 2, residualNorm: 40, largest: 16, max: 10, typical: 4, source: 'computed' }
const add = (coefficient: number, change: Partial<Intervention> = {}): Intervention => ({
  latent: 7,
  mode: 'add',
  coefficient,
  positions: 'all',
  ...change
})

describe('an added row in other units', () => {
  // 8 × row adds 8 × 2 = 16: 16 of unit rows, 16/40 of the residual stream, 16/(10 × 2) of max, 16/(4 × 2) of typical, 16/(16 × 2) of largest.
  it.each<[CoefficientUnit, number]>([
    ['unit-row', 16],
    ['residual', 0.4],
    ['max', 0.8],
    ['typical', 2],
    ['largest', 0.5]
  ])('is as long as before in %s', (unit, coefficient) => {
    const converted = inUnit(add(8), unit, known)
    expect(converted.coefficient).toBe(coefficient)
    expect(converted.unit).toBe(unit)
    expect(sizeOf(converted, known)?.low).toBeCloseTo(0.4, 12)
    expect(inUnit(converted, 'row', known)).toEqual(add(8))
  })

  it('reads as it was after a way through every unit', () => {
    const units: CoefficientUnit[] = ['residual', 'max', 'unit-row', 'largest', 'typical', 'row']
    const odd = { ...known, rowNorm: 1.7320508, residualNorm: 31.41592, largest: 9.87, max: 3.3, typical: 0.7 }
    expect(units.reduce((edit, unit) => inUnit(edit, unit, odd), add(-3.7))).toEqual(add(-3.7))
  })

  it('takes along what max and typical stand for, and lets go of it', () => {
    expect(inUnit(add(8), 'max', known).unitValue).toBe(10)
    expect(inUnit(inUnit(add(8), 'max', known), 'typical', known).unitValue).toBe(4)
    expect('unitValue' in inUnit(inUnit(add(8), 'max', known), 'unit-row', known)).toBe(false)
  })

  it('keeps what it was made with when the labels know another value now', () => {
    const made = add(2, { unit: 'max', unitValue: 5 })
    expect(inUnit(made, 'row', known).coefficient).toBe(10)
  })

  it('keeps its number where a norm is not known, and still converts between units of activations', () => {
    expect(inUnit(add(8), 'residual', NOTHING_KNOWN)).toEqual(add(8, { unit: 'residual' }))
    expect(conversion(add(8), 'unit-row', { ...known, rowNorm: null })).toBeNull()
    expect(inUnit(add(8), 'max', { ...known, rowNorm: null }).coefficient).toBe(0.8)
    expect(inUnit(add(8), 'largest', { ...known, largest: 0 }).coefficient).toBe(8)
  })
})

describe('other modes in other units', () => {
  it('convert what is set and clamped as activations, both bounds alike', () => {
    expect(inUnit(add(5, { mode: 'set' }), 'max', known)).toEqual(add(0.5, { mode: 'set', unit: 'max', unitValue: 10 }))
    expect(inUnit(add(4, { mode: 'clamp', upper: 16 }), 'largest', known)).toEqual(add(0.25, { mode: 'clamp', upper: 1, unit: 'largest' }))
  })

  it('convert a cap between a length and a share of the residual stream', () => {
    expect(inUnit(add(10, { mode: 'cap' }), 'residual', known)).toEqual(add(0.25, { mode: 'cap', unit: 'residual' }))
    expect(unitOf(add(10, { mode: 'cap' }))).toBe('unit-row')
  })

  it('have the units that the mode can be given in; directions have none of activations', () => {
    expect(unitsOf('add')).toHaveLength(6)
    expect(unitsOf('add', true)).toEqual(['row', 'unit-row', 'residual'])
    expect(unitsOf('set')).toEqual(['row', 'max', 'typical', 'largest'])
    expect(unitsOf('cap')).toEqual(['unit-row', 'residual'])
    expect(unitsOf('scale')).toEqual(['row'])
    expect(unitsOf('ablate')).toEqual([])
    expect(unitText('set', 'row').short).toBe('activation')
  })

  it('say why the largest or typical activation cannot be used', () => {
    expect(unitMissing(add(1), 'max', known)).toBeNull()
    expect(unitMissing(add(1), 'max', NOTHING_KNOWN)).toContain('latent’s largest activation is not known')
    expect(unitMissing(add(1), 'typical', { ...known, typical: 0 })).toContain('is 0')
    expect(unitMissing(add(1, { unit: 'max', unitValue: 3 }), 'max', NOTHING_KNOWN)).toBeNull()
    expect(unitMissing(add(1), 'residual', NOTHING_KNOWN)).toBeNull()
  })
})

describe('the size of an edit beside the residual stream', () => {
  it('is the length of what is added over the length of the stream', () => {
    expect(sizeOf(add(-8), known)).toEqual({ kind: 'is', low: 0.4, high: 0.4 })
    expect(sizeOf(add(0.3, { unit: 'residual' }), NOTHING_KNOWN)).toEqual({ kind: 'is', low: 0.3, high: 0.3 })
    expect(sizeOf(add(8), { ...known, residualNorm: null })).toBeNull()
  })

  it('is what the latent’s own part becomes when it is set or clamped', () => {
    expect(sizeOf(add(10, { mode: 'set' }), known)).toEqual({ kind: 'then', low: 0.5, high: 0.5 })
    expect(sizeOf(add(2, { mode: 'clamp', upper: 8 }), known)).toEqual({ kind: 'then', low: 0.1, high: 0.4 })
    expect(sizeOf(add(2, { mode: 'clamp' }), known)?.high).toBe(Infinity)
  })

  it('is a bound for a cap, and not known beforehand where it depends on the text', () => {
    expect(sizeOf(add(10, { mode: 'cap', unit: 'unit-row' }), known)).toEqual({ kind: 'most', low: 0.25, high: 0.25 })
    for (const mode of ['scale', 'ablate', 'project'] as const) expect(sizeOf(add(2, { mode }), known)).toBeNull()
  })
})

describe('the norm of a direction', () => {
  it('is the root of the squares of its float32 numbers', () => {
    const bytes = new Uint8Array(new Float32Array([3, -4, 12]).buffer)
    expect(directionNorm(btoa(String.fromCharCode(...bytes)))).toBe(13)
  })

  it('is not known for what is no list of numbers', () => {
    expect(directionNorm('')).toBeNull()
    expect(directionNorm('not base64!')).toBeNull()
    expect(directionNorm(btoa('abc'))).toBeNull()
    expect(directionNorm(btoa(String.fromCharCode(...new Uint8Array(new Float32Array([NaN]).buffer))))).toBeNull()
  })
})
