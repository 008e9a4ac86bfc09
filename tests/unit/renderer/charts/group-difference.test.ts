import { expect, it } from 'vitest'
import { groupDifference, type LatentDifference } from '../../../../src/renderer/charts/group-difference'
import { themes } from '../../../../src/renderer/charts/theme'

const rows: LatentDifference[] = [
  { latent: 7, label: 'sad', value: 0.5, p: 1e-6, q: 1e-4 },
  { latent: 9, label: null, value: -0.75, p: 0.001, q: 0.04 },
  { latent: 3, label: null, value: 2, p: 0.2, q: 0.3 }
]
const data = { rows, groups: ['sorrow', 'joy'] as const, name: 'sorrow − joy', unit: 'logit', selected: 3 }

it('marks those that stay significant after correction, and draws the line below the last of them', () => {
  expect(groupDifference(data, themes.light).option).toMatchObject({
    series: [
      {
        data: [
          { value: [0.5, 6], latent: 7, symbol: 'circle' },
          { value: [-0.75, 3], latent: 9, symbol: 'circle' },
          { latent: 3, symbol: 'emptyCircle', symbolSize: 12 }
        ],
        markLine: { data: [{ yAxis: 3 }] }
      }
    ]
  })
})

it('tells in a sentence how many separate the groups, and the largest difference among these alone', () => {
  const { summary, table } = groupDifference(data, themes.dark)
  expect(summary).toBe(
    '2 of 3 latents separate “sorrow” from “joy” (q < 0.05). Among them the largest difference is that of latent 9: −0.750 logit.'
  )
  expect(table.rows[0]).toEqual([7, 'sad', 0.5, 1e-6, 1e-4])
})

it('without any that separates them says so and draws no line', () => {
  const view = groupDifference({ ...data, rows: rows.slice(2) }, themes.light)
  expect(view.summary).toBe('None of 1 latents separates “sorrow” from “joy” (q < 0.05).')
  expect(view.option).toMatchObject({ series: [{ markLine: undefined }] })
})

it('a p of 0 is drawn where the smallest is', () => {
  const view = groupDifference({ ...data, rows: [{ latent: 1, label: null, value: 1, p: 0, q: 0 }] }, themes.light)
  expect(view.option).toMatchObject({ series: [{ data: [{ value: [1, 30] }] }] })
})
