import { expect, it } from 'vitest'
import { changedLatents } from '../../../../src/main/steering/measures/changed-latents'

it('finds the latents that rose and fell most, by hand', () => {
  const { rose, fell } = changedLatents(Float64Array.of(0, 3, 1, 2, 5), Float64Array.of(4, 3, 0, 6, 2))
  expect(rose).toEqual([
    { latent: 0, before: 0, after: 4 },
    { latent: 3, before: 2, after: 6 }
  ])
  expect(fell).toEqual([
    { latent: 4, before: 5, after: 2 },
    { latent: 2, before: 1, after: 0 }
  ])
})

it('keeps twelve of either kind, the largest first', () => {
  const before = new Float64Array(60)
  const after = Float64Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? i : -i))
  const { rose, fell } = changedLatents(before, after)
  expect(rose.map(({ latent }) => latent)).toEqual(Array.from({ length: 12 }, (_, i) => 58 - 2 * i))
  expect(fell.map(({ latent }) => latent)).toEqual(Array.from({ length: 12 }, (_, i) => 59 - 2 * i))
})

it('names no latent that did not change', () => {
  expect(changedLatents(Float64Array.of(1, 2), Float64Array.of(1, 2))).toEqual({ rose: [], fell: [] })
})
