import { expect, it } from 'vitest'
import { aggregateIntervals } from '../../../../src/renderer/charts/aggregate-intervals'
import { themes } from '../../../../src/renderer/charts/theme'

const rows = [
  { latent: 7, label: 'sad', value: 0.5, low: 0.4, high: 0.6 },
  { latent: 9, label: null, value: -0.2, low: -0.3, high: 0.1 }
]

it('shows each latent with its interval, in sentence and table as well', () => {
  const view = aggregateIntervals({ rows, name: 'mean influence', of: 'Mean influence', unit: 'logit', selected: 9 }, themes.light)
  expect(view.summary).toContain(
    'Mean influence of the first 2 latents with 95 % bootstrap intervals. The first is latent 7 (sad) with +0.500 (+0.400 to +0.600) logit.'
  )
  expect(view.table.rows).toEqual([
    [7, 'sad', 0.5, 0.4, 0.6],
    [9, null, -0.2, -0.3, 0.1]
  ])
  expect(view.option).toMatchObject({ yAxis: { data: ['7', '9'] }, series: [{ type: 'custom' }, { type: 'scatter' }] })
})

it('without results says so', () => {
  expect(
    aggregateIntervals({ rows: [], name: 'mean influence', of: 'Mean influence', unit: 'logit', selected: null }, themes.dark).summary
  ).toBe('No latent has a result yet.')
})
