import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { meanHeight } from '../../../src/main/statistics/areas'
import { benjaminiHochberg } from '../../../src/main/statistics/benjamini-hochberg'
import { meanInterval, pairedDifference, quantile } from '../../../src/main/statistics/bootstrap'
import { spearman } from '../../../src/main/statistics/correlation'
import { mannWhitney, mannWhitneyWithZeros, normalTail } from '../../../src/main/statistics/mann-whitney'
import { randomStream } from '../../../src/main/statistics/random'
import { jaccardTop, rankBiasedOverlap } from '../../../src/main/statistics/rank-overlap'
import { exactMatch, normalisedAnswer, wordF1 } from '../../../src/main/statistics/squad'

/** Made by tests/fixtures/make/statistics.py with SciPy. */
const ORACLE = z
  .object({
    mannWhitney: z.array(z.object({ first: z.array(z.number()), second: z.array(z.number()), p: z.number() })),
    tails: z.array(z.object({ z: z.number(), p: z.number() })),
    benjaminiHochberg: z.object({ p: z.array(z.number()), q: z.array(z.number()) }),
    sparse: z.array(z.object({ first: z.array(z.number()), second: z.array(z.number()), p: z.number() })),
    spearman: z.array(z.object({ first: z.array(z.number()), second: z.array(z.number()), rho: z.number() }))
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/statistics.json'), 'utf8')))

// Both sides compute in float64; what is left are the last digits of sums and of the normal distribution.
const CLOSE = 10

describe('against SciPy', () => {
  it.each(ORACLE.mannWhitney.map((row) => ({ ...row, sizes: `${row.first.length} and ${row.second.length}` })))(
    'the p-value of groups of $sizes is the same',
    ({ first, second, p }) => {
      expect(mannWhitney(first, second)).toBeCloseTo(p, CLOSE)
      expect(mannWhitney(second, first)).toBeCloseTo(p, CLOSE)
    }
  )

  it('the p-value of scores that are mostly 0 is the same, whether the zeros are given or only counted', () => {
    const active = (values: number[]): number[] => values.filter((value) => value !== 0)
    for (const { first, second, p } of ORACLE.sparse) {
      expect(mannWhitney(first, second)).toBeCloseTo(p, CLOSE)
      expect(mannWhitneyWithZeros(active(first), first.length, active(second), second.length)).toBe(mannWhitney(first, second))
    }
  })

  it('rank correlations are the same, with ties and without', () => {
    for (const { first, second, rho } of ORACLE.spearman) expect(spearman(first, second)).toBeCloseTo(rho, CLOSE)
  })

  it('the tail of the normal distribution is the same, far out as well', () => {
    for (const { z: at, p } of ORACLE.tails) expect(normalTail(at) / p).toBeCloseTo(1, CLOSE)
  })

  it('corrected p-values are the same', () => {
    const { p, q } = ORACLE.benjaminiHochberg
    benjaminiHochberg(p).forEach((value, i) => expect(value).toBeCloseTo(q[i] ?? NaN, CLOSE))
  })
})

it('groups that are empty or all alike differ in nothing', () => {
  expect([mannWhitney([], [1]), mannWhitney([2, 2], [2, 2, 2])]).toEqual([1, 1])
})

describe('bootstrap intervals', () => {
  it('hold the true mean about 19 times in 20', () => {
    const random = randomStream(3)
    // A sum of 12 uniform numbers is nearly normal, with mean 6 and variance 1.
    const normal = (): number => Array.from({ length: 12 }, random).reduce((sum, x) => sum + x, 0) - 6
    const runs = 400
    const held = Array.from({ length: runs }, (_, seed) => {
      const { low, high } = meanInterval(Float64Array.from({ length: 50 }, normal), 400, seed)
      return low <= 0 && 0 <= high ? 1 : 0
    }).reduce((sum: number, one) => sum + one, 0)
    // 0.95 x 400 = 380 with a standard deviation of 4.4; percentile intervals of 50 values are known to fall short by about 1 %.
    expect(held).toBeGreaterThan(362)
    expect(held).toBeLessThan(395)
  })

  it('come out the same for the same seed, and narrower for pairs that move together', () => {
    const a = [1, 5, 2, 8, 4, 9, 3]
    const b = a.map((x) => x - 1)
    expect(meanInterval(a, 500, 1)).toEqual(meanInterval(a, 500, 1))
    expect(pairedDifference(a, b)).toEqual({ value: 1, low: 1, high: 1 })
  })

  it('of one value or none are that value, or 0', () => {
    expect([meanInterval([4]), meanInterval([])]).toEqual([
      { value: 4, low: 4, high: 4 },
      { value: 0, low: 0, high: 0 }
    ])
  })

  it('rest on quantiles that are linear between neighbours', () => {
    expect([quantile([1, 2, 4], 0.5), quantile([1, 2, 4], 0.75), quantile([7], 0.2)]).toEqual([2, 3, 7])
  })
})

describe('overlap of orders', () => {
  it('is 1 for equal tops and 0 for disjoint ones', () => {
    expect([jaccardTop([1, 2, 3], [3, 2, 1], 3), jaccardTop([1, 2], [3, 4], 2), jaccardTop([1, 2, 3], [2, 3, 4], 3)]).toEqual([1, 0, 0.5])
    expect(rankBiasedOverlap([1, 2, 3], [1, 2, 3])).toBeCloseTo(1, 12)
    expect(rankBiasedOverlap([1, 2, 3], [4, 5, 6])).toBe(0)
  })

  it('weighs the first ranks most, as written out for two short lists', () => {
    // X = 0, 2, 2 of depth 1, 2, 3; p = 0.5: 2/3 0.125 + 1 (0 + 2/2 0.25 + 2/3 0.125)
    expect(rankBiasedOverlap([1, 2, 3], [2, 1, 4], 0.5)).toBeCloseTo((2 / 3) * 0.125 + 0.25 + (2 / 3) * 0.125, 12)
  })
})

it('the mean height of a curve is its area by trapezoids over its width', () => {
  expect(meanHeight([])).toBe(0)
  expect(meanHeight([{ x: 2, y: 5 }])).toBe(5)
  expect(
    meanHeight([
      { x: 0, y: 0 },
      { x: 1, y: 1 },
      { x: 3, y: 1 }
    ])
  ).toBeCloseTo(2.5 / 3, 12)
})

describe('answers', () => {
  it('are compared without case, punctuation, articles and white space', () => {
    expect(normalisedAnswer(' The  "Red" ball, an apple!')).toBe('red ball apple')
    expect([exactMatch('The red ball.', 'red  ball'), exactMatch('red balls', 'red ball'), exactMatch('', '')]).toEqual([1, 0, 1])
  })

  it('share words, each as often as it stands', () => {
    expect(wordF1('a red red ball', 'red ball')).toBeCloseTo((2 * (2 / 3) * 1) / (2 / 3 + 1), 12)
    expect([wordF1('cat', 'dog'), wordF1('', ''), wordF1('', 'dog'), wordF1('the', 'a')]).toEqual([0, 1, 0, 1])
  })
})
