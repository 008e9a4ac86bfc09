import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { activationGradient } from '../../../../src/renderer/charts/activation-gradient'
import { dataIndex, markLatent, markPosition } from '../../../../src/renderer/charts/chart'
import { influenceBars } from '../../../../src/renderer/charts/influence-bars'
import { latentTokenHeatmap } from '../../../../src/renderer/charts/latent-token-heatmap'
import { predictedExact, slopeThroughOrigin } from '../../../../src/renderer/charts/predicted-exact'
import { themes } from '../../../../src/renderer/charts/theme'

const theme = themes.light
const none: ReadonlySet<number> = new Set()
const Series = z.array(z.object({ type: z.string(), data: z.array(z.unknown()) }))
const Mark = z.object({
  latent: z.number(),
  value: z.unknown(),
  symbol: z.string().optional(),
  itemStyle: z.object({ color: z.string().optional() })
})
const marks = (view: { option: { series?: unknown } }, at = 0): z.infer<typeof Mark>[] =>
  z.array(Mark).parse(Series.parse(view.option.series)[at]?.data)
const Tooltip = z.object({ formatter: z.custom<(point: unknown) => string>((value) => typeof value === 'function') })
const tip = (view: { option: { tooltip?: unknown } }, point: unknown): string => Tooltip.parse(view.option.tooltip).formatter(point)

describe('influence bars', () => {
  const view = influenceBars(
    {
      bars: [
        { rank: 1, latent: 4, label: '<b>sad</b>', score: 0.5 },
        { rank: 2, latent: 9, label: null, score: -0.25 }
      ],
      selected: new Set([9]),
      unit: 'logit'
    },
    theme
  )

  it('draw raising latents in orange and lowering ones in blue, each naming its latent', () => {
    expect(marks(view).map((mark) => [mark.latent, mark.itemStyle.color])).toEqual([
      [4, theme.diverging[4]],
      [9, theme.diverging[0]]
    ])
  })

  it('say the first latent in words and give all as a table', () => {
    expect(view.summary).toContain('latent 4')
    expect(view.table.rows[1]).toEqual([2, 9, null, -0.25])
  })

  it('escape labels, which come from files', () => {
    expect(tip(view, { dataIndex: 0 })).not.toContain('<b>sad')
  })

  it('say so when there is nothing', () => {
    expect(influenceBars({ bars: [], selected: none, unit: 'logit' }, theme).summary).toBe('No latent has influence.')
  })
})

describe('activation against gradient', () => {
  const point = (latent: number, activation: number, gradient: number): Parameters<typeof activationGradient>[0]['points'][number] => ({
    rank: latent,
    latent,
    label: null,
    activation,
    gradient,
    score: activation * gradient
  })
  const points = [point(1, 10, 0.1), point(2, 4, -0.2), point(3, 2, 0)]

  it('keeps signs in shape and colour where the axis shows only sizes', () => {
    const drawn = marks(activationGradient({ points, selected: none, scale: 'log', unit: 'logit', carriers: 2 }, theme))
    expect(drawn.map((mark) => mark.symbol)).toEqual(['circle', 'diamond', 'circle'])
    expect(drawn[1]?.value).toEqual([4, 0.2])
    expect(drawn[1]?.itemStyle.color).toBe(theme.diverging[0])
  })

  it('places a zero gradient at the lower edge of a logarithmic axis', () => {
    const drawn = marks(activationGradient({ points, selected: none, scale: 'log', unit: 'logit', carriers: 2 }, theme))
    expect(drawn[2]?.value).toEqual([2, 0.05])
  })

  it('shows the gradient as it is on a linear axis', () => {
    expect(marks(activationGradient({ points, selected: none, scale: 'linear', unit: 'logit', carriers: 2 }, theme))[1]?.value).toEqual([
      4, -0.2
    ])
  })

  it("says the paper's point in one sentence", () => {
    const view = activationGradient({ points, selected: none, scale: 'log', unit: 'logit', carriers: 2 }, theme)
    expect(view.summary.replaceAll('\u00a0', ' ')).toBe(
      '3 latents are active; 2 of them (67 %) carry 80 % of the total absolute influence.'
    )
  })

  it('draws thousands as a crowd whose points still name their latent', () => {
    const many = Array.from({ length: 5000 }, (_, at) => point(at + 1, 1 + (at % 30), at % 2 === 0 ? 0.01 : -0.01))
    const view = activationGradient({ points: many, selected: none, scale: 'log', unit: 'logit', carriers: 50 }, theme)
    const [single, , raising] = Series.parse(view.option.series)
    expect(single?.data).toHaveLength(300)
    expect(markLatent(raising?.data[0])).toBe(301)
    expect(tip(view, { data: raising?.data[0] })).toContain('latent 301')
  })

  it('draws nothing for no points and does not fail', () => {
    const view = activationGradient({ points: [], selected: none, scale: 'log', unit: 'logit', carriers: 0 }, theme)
    expect(view.summary).toBe('No latent is active.')
  })
})

describe('the heat map', () => {
  const view = latentTokenHeatmap(
    {
      rows: [
        { latent: 4, label: 'sad' },
        { latent: 9, label: null }
      ],
      tokens: ['Mia', '·was'],
      cells: [
        { row: 0, position: 1, score: 0.5, activation: 3 },
        { row: 1, position: 0, score: -0.75, activation: 2 }
      ],
      selected: none,
      position: null,
      unit: 'logit'
    },
    theme
  )

  it('has a scale that is symmetric about zero', () => {
    expect(view.option.visualMap).toMatchObject({ min: -0.75, max: 0.75 })
  })

  it('names latent and position on every cell', () => {
    const cells = Series.parse(view.option.series)[0]?.data ?? []
    expect(cells.map((cell) => [markLatent(cell), markPosition(cell)])).toEqual([
      [4, 1],
      [9, 0]
    ])
  })

  it('says where the influence is strongest', () => {
    expect(view.summary).toContain('token 0 “Mia”')
  })
})

describe('predicted against exact', () => {
  const points = [
    { latent: 1, label: null, score: 1, exactEffect: 2 },
    { latent: 2, label: null, score: 2, exactEffect: 4 }
  ]
  const input = { points, selected: none, pearson: 1, spearman: 1, unit: 'probability' }

  it('compares with y = x when both have one unit', () => {
    const line = Series.parse(predictedExact({ ...input, sameUnit: true }, theme).option.series)[1]
    expect(line?.data).toEqual([
      [0, 0],
      [2, 2]
    ])
  })

  it('compares with the line through the origin when scores are means over positions', () => {
    const view = predictedExact({ ...input, sameUnit: false }, theme)
    expect(Series.parse(view.option.series)[1]?.data).toEqual([
      [0, 0],
      [2, 4]
    ])
    expect(view.summary).toContain('2 times the score')
    expect(slopeThroughOrigin([])).toBe(0)
  })

  it('says what is missing before a verification', () => {
    expect(predictedExact({ ...input, points: [], sameUnit: true }, theme).summary).toBe('No latent has been verified by ablation yet.')
  })
})

it('a mark without a latent gives none', () => {
  expect([markLatent(null), markLatent({ latent: 'x' }), dataIndex(undefined)]).toEqual([null, null, -1])
})
