import { expect, it } from 'vitest'
import { pearson, ranks, spearman } from '../../../src/main/statistics/correlation'

it('agrees with the textbook formulas, ties included', () => {
  const a = [0.9, -0.86, 0.5, 0.5, 0.1, -0.2]
  const b = [1.1, -0.35, 0.45, 0.6, 0.2, 0.05]
  expect(pearson(a, b)).toBeCloseTo(0.968304477456964, 12)
  expect(spearman(a, b)).toBeCloseTo(0.9856107606091623, 12)
})

it('gives equal numbers the mean of their ranks', () => {
  expect(ranks([3, 1, 3, 2, 3])).toEqual([4, 1, 4, 2, 4])
})

it('is 1 for the same order, -1 for the opposite, however large the numbers', () => {
  expect(
    pearson(
      [1e200, 2e200, 3e200].map((x) => x * 1e-60),
      [1, 2, 3]
    )
  ).toBeCloseTo(1, 12)
  expect(spearman([1, 10, 100], [3, 2, 1])).toBeCloseTo(-1, 12)
})

it('is null where it has no meaning', () => {
  expect(pearson([1, 2], [1, 2])).toBeNull()
  expect(pearson([1, 1, 1], [1, 2, 3])).toBeNull()
  expect(spearman([1, 2, 3], [5, 5, 5])).toBeNull()
  expect(pearson([1, 2, 3], [1, 2])).toBeNull()
})
