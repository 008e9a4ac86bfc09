import { describe, expect, it } from 'vitest'
import { concept, conceptValue, HALF, netConcept, shareOf } from '../../../../src/main/steering/measures/concept'
import { matcherOf } from '../../../../src/main/steering/measures/words'
import { foundIn } from '../../../support/measures'

const NONE = { promoted: null, activation: null, baselineActivation: null, keywords: null }

describe('the signs of a concept', () => {
  it('are counted as by hand on a text and its baseline', () => {
    const found = foundIn({
      generatedIds: [10, 11, 10, 12],
      text: 'Sad, sad Lily cried.',
      baseline: { generatedIds: [11, 13, 14, 15, 11], text: 'Lily ran home to mum.', logprobs: [] },
      concept: {
        promoted: new Set([10, 13]),
        activation: { own: 3, baseline: 1, largest: 20 },
        matches: matcherOf({ keywords: ['sad'], pattern: 'cr(y|ied)' })
      }
    })
    const score = concept.measure(found)
    expect(score).toMatchObject({
      promoted: 2 / 4,
      baselinePromoted: 1 / 5,
      activation: 3,
      baselineActivation: 1,
      largestActivation: 20,
      keywords: 3 / 4,
      baselineKeywords: 0
    })
    // Excesses 0.3, 2 and 0.75 against halves 0.1, 2 and 0.05: signs 3/4, 1/2 and 15/16. Float64 of few sums.
    expect(score?.value).toBeCloseTo(2 * (1 - (1 / 4) * (1 / 2) * (1 / 16)), 12)
  })

  it('are not there where nothing says what the concept is', () => {
    expect(concept.measure(foundIn({}))).toBeNull()
  })

  it('score the baseline itself with 0', () => {
    const text = { generatedIds: [1, 2], text: 'so sad', logprobs: [] }
    const own = {
      promoted: new Set([1]),
      activation: { own: 2, baseline: 2, largest: 9 },
      matches: matcherOf({ keywords: ['sad'], pattern: '' })
    }
    expect(concept.measure(foundIn({ ...text, baseline: text, concept: own }))?.value).toBe(0)
  })

  it('give no share of no tokens', () => {
    expect(shareOf([], new Set([1]))).toBe(0)
  })
})

describe('the net concept', () => {
  it('turns its sign where the texts change places, and is 0 of a text beside itself', () => {
    const pair = { promoted: 0.3, baselinePromoted: 0.1, keywords: 0, baselineKeywords: 0.05, activation: 3, baselineActivation: 1 }
    const turned = { promoted: 0.1, baselinePromoted: 0.3, keywords: 0.05, baselineKeywords: 0, activation: 1, baselineActivation: 3 }
    const net = (score: typeof pair): number => {
      const whole = { ...score, largestActivation: 20 }
      return netConcept({ ...whole, value: conceptValue(whole) })
    }
    // Promoted: excess 0.2 of half 0.1, sign 2/3; activation: excess 2 of half 2, sign 1/2; together 2 (1 - 1/3 1/2) = 5/3. Keywords the other
    // way: sign 1/2, so 1. Float64 of few sums.
    expect(net(pair)).toBeCloseTo(5 / 3 - 1, 12)
    expect(net(turned)).toBe(-net(pair))
    expect(net({ ...pair, baselinePromoted: 0.3, baselineActivation: 3, baselineKeywords: 0 })).toBe(0)
  })
})

describe('the value of a concept', () => {
  it('is 1 where one sign is half', () => {
    expect(conceptValue({ ...NONE, promoted: 0.2, baselinePromoted: 0.2 - HALF.promoted })).toBeCloseTo(1, 12)
    expect(conceptValue({ ...NONE, activation: 3, baselineActivation: 1, largestActivation: 20 })).toBe(1)
    expect(conceptValue({ ...NONE, keywords: HALF.keywords, baselineKeywords: 0 })).toBe(1)
  })

  it('lies from 0 to 2, rises with every sign and falls with the baseline of every sign', () => {
    const steps = [0, 0.01, 0.1, 0.5, 1]
    const score = (promoted: number, activation: number, keywords: number, base: number): number =>
      conceptValue({
        promoted,
        baselinePromoted: base,
        activation: 30 * activation,
        baselineActivation: 30 * base,
        largestActivation: 30,
        keywords,
        baselineKeywords: base
      })
    for (const p of steps)
      for (const a of steps)
        for (const k of steps)
          for (const base of steps) {
            const value = score(p, a, k, base)
            expect(value).toBeGreaterThanOrEqual(0)
            expect(value).toBeLessThan(2)
            // Rounding of a product of three factors below 1.
            const least = value - 1e-12
            for (const more of [score(p + 0.1, a, k, base), score(p, a + 0.1, k, base), score(p, a, k + 0.1, base)])
              expect(more).toBeGreaterThanOrEqual(least)
            expect(score(p, a, k, base + 0.1)).toBeLessThanOrEqual(value + 1e-12)
          }
  })
})
