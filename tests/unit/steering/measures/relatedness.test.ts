import { describe, expect, it } from 'vitest'
import { relatedness, relatednessValue } from '../../../../src/main/steering/measures/relatedness'
import { foundIn } from '../../../support/measures'

describe('relatedness', () => {
  it('is 1 where tokens are e^(1/2) times as likely after their own prompt, and low where they are as likely after any', () => {
    expect(relatednessValue(-1, -1.5)).toBe(1)
    // 2 / (1 + e^2)
    expect(relatednessValue(-3, -3)).toBeCloseTo(0.2384, 4)
    expect(relatednessValue(-1, -2)).toBeCloseTo(1.7616, 4)
  })

  it('lies between 0 and 2 and rises with the difference', () => {
    const values = [-50, -5, -1, 0, 0.3, 0.5, 1, 4].map((difference) => relatednessValue(difference - 2, -2))
    expect(values.every((value) => value > 0 && value < 2)).toBe(true)
    expect([...values].sort((a, b) => a - b)).toEqual(values)
    expect(new Set(values).size).toBe(values.length)
  })

  it('averages over tokens and over prompts', () => {
    const score = relatedness.measure(foundIn({ generatedIds: [1, 2], logprobs: [-1, -2], givenOthers: [-2, -3, -4] }))
    expect(score).toEqual({ given: -1.5, givenOthers: -3, value: relatednessValue(-1.5, -3) })
  })

  it('is not there without other prompts, and 0 for a text without tokens', () => {
    expect(relatedness.measure(foundIn({ givenOthers: [] }))).toBeNull()
    expect(relatedness.measure(foundIn({ generatedIds: [], logprobs: [], givenOthers: [-1] }))?.value).toBe(0)
  })
})
