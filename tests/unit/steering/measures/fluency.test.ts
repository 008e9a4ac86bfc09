import { describe, expect, it } from 'vitest'
import { distinctOf, fluency, fluencyValue, repetitionOf } from '../../../../src/main/steering/measures/fluency'
import { foundIn } from '../../../support/measures'

describe('repetition and distinct n-grams', () => {
  it('are counted as by hand', () => {
    // 4-grams: 1234 2341 3412 4123 1234 2341; the last two occurred before.
    const ids = [1, 2, 3, 4, 1, 2, 3, 4, 1]
    expect(repetitionOf(ids)).toBe(2 / 6)
    expect(distinctOf(ids, 1)).toBe(4 / 9)
    // 12 23 34 41 12 23 34 41
    expect(distinctOf(ids, 2)).toBe(4 / 8)
    expect(distinctOf(ids, 3)).toBe(4 / 7)
  })

  it('take tokens whole: 1, 23 is not 12, 3', () => {
    expect(distinctOf([1, 23, 12, 3], 2)).toBe(1)
  })

  it('find nothing repeated where there is no n-gram', () => {
    expect(repetitionOf([7, 7, 7])).toBe(0)
    expect(distinctOf([7, 7], 3)).toBe(1)
    expect(distinctOf([], 1)).toBe(1)
  })

  it('call a loop of one token repeated all but once', () => {
    expect(repetitionOf(new Array<number>(23).fill(5))).toBe(19 / 20)
  })
})

describe('the value of fluency', () => {
  it('is 2 for a text like the baseline, half of it for twice the perplexity, and loses what is repeated', () => {
    expect(fluencyValue(5, 5, 0)).toBe(2)
    expect(fluencyValue(4, 5, 0)).toBe(2)
    expect(fluencyValue(10, 5, 0)).toBe(1)
    expect(fluencyValue(10, 5, 0.25)).toBe(0.75)
    expect(fluencyValue(5, 5, 1)).toBe(0)
  })

  it('lies from 0 to 2 and never rises with perplexity or repetition', () => {
    const steps = [1, 1.5, 3, 20, 1e6]
    const shares = [0, 0.1, 0.5, 0.99, 1]
    for (const base of steps)
      for (const [i, perplexity] of steps.entries())
        for (const [j, repetition] of shares.entries()) {
          const value = fluencyValue(perplexity, base, repetition)
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(2)
          expect(fluencyValue(steps[i + 1] ?? Infinity, base, repetition)).toBeLessThanOrEqual(value)
          expect(fluencyValue(perplexity, base, shares[j + 1] ?? 1)).toBeLessThanOrEqual(value)
        }
  })

  it('is made of perplexities that follow from the log-probabilities', () => {
    const found = foundIn({ generatedIds: [1, 2], logprobs: [Math.log(0.5), Math.log(0.125)] })
    const score = fluency.measure({ ...found, baseline: { generatedIds: [1], text: '', logprobs: [Math.log(0.5)] } })
    // exp(-(ln 1/2 + ln 1/8) / 2) = 4, against 2; in float64.
    expect(score.perplexity).toBeCloseTo(4, 12)
    expect(score.baselinePerplexity).toBeCloseTo(2, 12)
    expect(score.value).toBeCloseTo(1, 12)
    expect(score.distinct).toEqual([1, 1, 1])
  })

  it('is 0 for a text without tokens', () => {
    expect(fluency.measure(foundIn({ generatedIds: [], logprobs: [] })).value).toBe(0)
  })
})
