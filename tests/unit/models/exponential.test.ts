import { describe, expect, it } from 'vitest'
import { expOfNegative, largestOf, logSumExp } from '../../../src/main/models'
import { randomStream } from '../../../src/main/statistics/random'

describe('the exponential of what is not above 0', () => {
  it('is that of Math.exp to rounding, at and around every step', () => {
    const random = randomStream(1)
    const steps = Array.from({ length: 64 * 256 }, (_, k) => (-k * Math.LN2) / 256)
    const points = steps.flatMap((x) => [x, x * (1 - 1e-12), Math.max(-44.36, x * (1 + 1e-12)), x * random()])
    // In units of the bound that the function states.
    const worst = Math.max(...points.map((x) => Math.abs(expOfNegative(x) / Math.exp(x) - 1) / (3e-15 + 2.3e-16 * Math.abs(x))))
    expect(worst).toBeLessThan(1)
    expect(worst).toBeGreaterThan(0.1)
  })

  it('is 1 at 0, 0 where it counts for nothing, and NaN of NaN', () => {
    expect(expOfNegative(0)).toBe(1)
    expect(expOfNegative(-0)).toBe(1)
    expect(expOfNegative(-45)).toBe(0)
    expect(expOfNegative(-Infinity)).toBe(0)
    expect(expOfNegative(NaN)).toBeNaN()
  })
})

describe('the log of a sum of exponentials', () => {
  it('is that of Math.exp over a large vocabulary', () => {
    const random = randomStream(2)
    for (const spread of [1, 10, 30, 100, 1000]) {
      const logits = Float32Array.from({ length: 50_257 }, () => -spread * random())
      const exact = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
      expect(Math.abs(logSumExp(logits) - exact), String(spread)).toBeLessThan(1e-13)
    }
  })

  it('is -Infinity for no logit, and NaN where there is none: NaN, +Infinity, or nothing but -Infinity', () => {
    expect(logSumExp([])).toBe(-Infinity)
    expect(logSumExp([-Infinity, 2])).toBe(2)
    for (const none of [[NaN, 1], [Infinity, 1], [-Infinity, -Infinity]]) expect(logSumExp(none)).toBeNaN()
  })
})

describe('the largest number', () => {
  it('is found wherever it stands, and NaN does not hide it', () => {
    for (let length = 0; length < 10; length++)
      for (let at = 0; at < length; at++) {
        const numbers = Float32Array.from({ length }, (_, i) => (i === at ? 3 : i % 2 === 0 ? -i : NaN))
        expect(largestOf(numbers)).toBe(3)
      }
    expect(largestOf([])).toBe(-Infinity)
  })
})
