import { describe, expect, it } from 'vitest'
import { changedFields, fits, parseNumbers, settingsOf } from '../../../../src/renderer/utils/experiment-form'
import { sampleInfo } from '../../../support/experiments'

describe('the form of an experiment', () => {
  it('is the defaults until something is changed, settings without a field included', () => {
    expect(settingsOf(sampleInfo, {})).toEqual(sampleInfo.defaults)
    expect(changedFields(sampleInfo, sampleInfo.defaults)).toEqual([])
  })

  it('takes what was changed, and names it', () => {
    const settings = settingsOf(sampleInfo, { tokens: 12, methods: ['exact'] })
    expect(settings).toEqual({ ...sampleInfo.defaults, tokens: 12, methods: ['exact'] })
    expect(changedFields(sampleInfo, settings)).toEqual(['Tokens', 'Methods'])
  })

  it('takes nothing that no longer fits its field: remembered settings may be older than the program', () => {
    const old = { tokens: 900, shares: [101], target: 'loss', methods: ['gone'], special: 'yes', unknown: 1 }
    expect(settingsOf(sampleInfo, old)).toEqual(sampleInfo.defaults)
    for (const field of sampleInfo.fields) expect(fits(field, null)).toBe(false)
    expect(sampleInfo.fields.filter((field) => fits(field, 2.5)).map(({ key }) => key)).toEqual([])
  })
})

describe('numbers as typed', () => {
  const range = { min: 0, max: 100 }

  it('are parted by commas, semicolons or spaces, each once', () => {
    expect(parseNumbers('1, 10;20  30 10', range)).toEqual([1, 10, 20, 30])
    expect(parseNumbers('0.5', range)).toEqual([0.5])
    expect(parseNumbers(' ', range)).toEqual([])
  })

  it('are refused in words', () => {
    expect(parseNumbers('1, many', range)).toBe('“many” is not a number.')
    expect(parseNumbers('1.5', { ...range, integer: true })).toBe('1.50 is not a whole number.')
    expect(parseNumbers('120', range)).toBe('120 is not between 0 and 100.')
  })
})
