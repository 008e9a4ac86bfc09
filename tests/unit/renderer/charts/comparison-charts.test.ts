import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { overlapCurves } from '../../../../src/renderer/charts/overlap-curve'
import { positionLines, type PositionSeries } from '../../../../src/renderer/charts/position-lines'
import { rankSlope } from '../../../../src/renderer/charts/rank-slope'
import { themes } from '../../../../src/renderer/charts/theme'
import { alignRankings } from '../../../../src/renderer/utils/ranking-comparison'
import { rankingOf } from '../support'

/** What these tests look at in a series. Parsed, because ECharts' own types hide it behind every chart it knows. */
const Series = z.array(
  z.object({
    name: z.string(),
    data: z.array(z.unknown()),
    symbol: z.string().optional(),
    lineStyle: z.object({ color: z.string(), type: z.union([z.string(), z.array(z.number())]) })
  })
)
const Mark = z.object({ value: z.array(z.number()), label: z.object({ formatter: z.string().optional() }) })
const Formatter = z.object({ formatter: z.custom<(points: unknown) => string>((value) => typeof value === 'function') })

const seriesOf = (option: { series?: unknown }): z.infer<typeof Series> => Series.parse(option.series)
const marksOf = (series: { data: unknown[] } | undefined): z.infer<typeof Mark>[] => z.array(Mark).parse(series?.data)

const baseline: PositionSeries = { name: 'Baseline', colour: 7, baseline: true, tokens: ['·a', '·b'], values: [0, 0] }
const steered: PositionSeries = { name: '<Sad>', colour: 2, baseline: false, tokens: ['·x', '·y', '·z'], values: [0.1, null, 3] }

describe('lines by position', () => {
  const view = positionLines({ metric: 'kl', series: [baseline, steered], target: null }, themes.light)

  it('align all columns at the first generated token and leave gaps where nothing is known', () => {
    expect(seriesOf(view.option).map(({ data }) => data)).toEqual([
      [0, 0, null],
      [0.1, null, 3]
    ])
  })

  it('give every recipe its own colour and mark, and the baseline a dashed grey', () => {
    const [first, second] = seriesOf(view.option)
    expect(first?.lineStyle).toMatchObject({ color: themes.light.textSoft, type: [4, 3] })
    expect(second?.lineStyle).toMatchObject({ color: themes.light.categorical[2], type: 'solid' })
    expect(first?.symbol).not.toBe(second?.symbol)
  })

  it('say the same in words and as a table', () => {
    expect(view.summary).toContain('<Sad>: mean 1.55, largest 3, last 3.')
    expect(view.table.columns).toHaveLength(5)
    expect(view.table.rows[2]).toEqual([3, null, null, '·z', 3])
  })

  it('escape names and tokens in the tooltip', () => {
    const html = Formatter.parse(view.option.tooltip).formatter([{ dataIndex: 2 }])
    expect(html).toContain('&#60;Sad&#62;')
    expect(html).not.toContain('<Sad>')
    expect(html).not.toContain('Baseline')
  })

  it('name the watched token and start probabilities at zero', () => {
    const target = positionLines({ metric: 'target', series: [baseline], target: '·sad' }, themes.dark)
    expect(target.option.yAxis).toMatchObject({ min: 0, name: 'probability of ·sad' })
    const logprob = positionLines({ metric: 'logprob', series: [], target: null }, themes.dark)
    expect(logprob.option.yAxis).toMatchObject({ max: 0 })
    expect(logprob.table.rows).toEqual([])
  })
})

describe('the slope chart of ranks', () => {
  const rows = alignRankings([
    rankingOf([
      [1, 0.9],
      [2, 0.8],
      [3, 0.7]
    ]),
    rankingOf([
      [2, 0.9],
      [1, 0.8],
      [4, 0.7]
    ])
  ])
  const view = rankSlope({ rankings: ['first', 'second'], rows, labels: new Map([[2, 'sad']]), depth: 2, selected: null }, themes.light)

  it('draws latents of the top k of either, and places what is deeper one row below', () => {
    const all = rankSlope({ rankings: ['first', 'second'], rows, labels: new Map(), depth: 3, selected: null }, themes.light)
    expect(seriesOf(view.option).map(({ name }) => name)).toEqual(['1', '2'])
    const three = seriesOf(all.option).find(({ name }) => name === '3')
    expect(marksOf(three).map(({ value }) => value)).toEqual([
      [0, 3],
      [1, 4]
    ])
    expect(three?.lineStyle.type).toEqual([4, 3])
  })

  it('colours risers as positive and fallers as negative', () => {
    expect(seriesOf(view.option).map(({ lineStyle }) => lineStyle.color)).toEqual([themes.light.diverging[0], themes.light.diverging[4]])
  })

  it('labels both ends with latent, label and rank', () => {
    const two = seriesOf(view.option)[1]
    expect(marksOf(two).map(({ label }) => label.formatter)).toEqual(['2 sad  2', '1  2 sad'])
  })

  it('says in words how many moved', () => {
    expect(view.summary).toBe(
      'Ranks of the 2 latents in the top 2 of first, second. From the first to the last 1 rose, 1 fell, 0 stayed, 0 are not active in one of the two.'
    )
  })
})

describe('the overlap chart', () => {
  it('has a line per pair and names the overlap at the usual depths', () => {
    const view = overlapCurves([{ name: '1 and 2', values: Array.from({ length: 30 }, (_, index) => index / 30) }], themes.light)
    expect(seriesOf(view.option)).toHaveLength(1)
    expect(view.summary).toBe('Overlap of 1 and 2: 0.300 at 10, 0.633 at 20.')
    expect(view.table.rows[9]).toEqual([10, 0.3])
  })

  it('tells of short rankings what there is', () => {
    expect(overlapCurves([{ name: 'x', values: [0, 0.5] }], themes.dark).summary).toBe('Overlap of x: 0.500.')
  })
})
