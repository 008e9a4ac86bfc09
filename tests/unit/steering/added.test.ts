import { describe, expect, it } from 'vitest'
import { normOf } from '../../../src/main/runtime'
import { addedVector, constantFactor, whyNotConstant } from '../../../src/main/steering/added'
import { vectorOf, vectorToText } from '../../../src/main/steering/vector-text'
import { failureOf } from '../../support/failing'
import { edit, TRICKY } from '../../support/vectors'

const ROW = Float32Array.of(3, 0, -4)

describe('what is added whatever the text is', () => {
  it('is the row times the number in its unit', () => {
    expect(constantFactor(edit({ coefficient: 2 }), ROW)).toBe(2)
    expect(constantFactor(edit({ coefficient: 2, unit: 'unit-row' }), ROW)).toBe(2 / 5)
    expect(constantFactor(edit({ coefficient: 2, unit: 'max', unitValue: 7 }), ROW)).toBe(14)
    expect(constantFactor(edit({ coefficient: 2, unit: 'typical', unitValue: 0.5 }), ROW)).toBe(1)
    // A row of zeros has no direction.
    expect(constantFactor(edit({ unit: 'unit-row' }), new Float32Array(3))).toBe(0)
    expect(normOf(ROW)).toBe(5)
  })

  it('is rounded once: 1e8 + 1 - 1e8 is 1, which float32 sums would lose', () => {
    const one = Float32Array.of(1)
    const edits = [1e8, 1, -1e8].map((coefficient) => ({ edit: edit({ coefficient }), direction: one }))
    expect(addedVector(edits, 1)).toEqual(Float32Array.of(1))
  })

  it('is itself again when it is added once', () => {
    const sum = addedVector([{ edit: edit({ coefficient: 0.7 }), direction: ROW }], 3)
    expect(addedVector([{ edit: edit({ coefficient: 1, unit: 'row' }), direction: sum }], 3)).toEqual(sum)
  })

  it('does not exist where the text decides', () => {
    expect(whyNotConstant(edit())).toBeNull()
    expect(whyNotConstant(edit({ unit: 'max', unitValue: 0 }))).toBeNull()
    expect(whyNotConstant(edit({ unit: 'typical' }))).toBe('does not say what its unit "typical" stands for')
    expect(whyNotConstant(edit({ mode: 'cap' }))).toBe('has the mode "cap", whose effect depends on the text')
    expect(whyNotConstant(edit({ unit: 'largest' }))).toContain('largest activation')
  })
})

describe('vectors as text', () => {
  it('keep every bit', () => {
    expect(vectorOf({ name: 'd', vector: vectorToText(TRICKY) }, 8)).toEqual(TRICKY)
    // A view into the middle of a larger array is written alone.
    expect(vectorOf({ name: 'd', vector: vectorToText(TRICKY.subarray(2, 5)) }, 3)).toEqual(TRICKY.slice(2, 5))
  })

  it('are refused where they are something else', async () => {
    expect(await failureOf(() => vectorOf({ name: 'joy', vector: 'AAAA' }, 1))).toContain(
      'The direction "joy" cannot be used: its numbers are not float32'
    )
    expect(await failureOf(() => vectorOf({ name: 'joy', vector: '!!!!' }, 0))).toContain('its numbers are not float32 as base64')
    expect(await failureOf(() => vectorOf({ name: 'joy', vector: vectorToText(Float32Array.of(Infinity)) }, 1))).toContain('not finite')
  })
})
