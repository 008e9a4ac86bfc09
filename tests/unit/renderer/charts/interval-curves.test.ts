import { init } from 'echarts'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { intervalCurves } from '../../../../src/renderer/charts/interval-curves'
import { numberScale } from '../../../../src/renderer/charts/number-scale'
import { seriesLooks } from '../../../../src/renderer/charts/series-looks'
import { categoricalColour, themes } from '../../../../src/renderer/charts/theme'
import type { ResultCurve } from '../../../../src/shared/records/experiment'
import { sampleResult } from '../../../support/experiments'

/** What these tests look at in a series. Parsed, because ECharts' own types hide it behind every chart it knows. */
const Series = z.array(
  z.object({
    type: z.string(),
    name: z.string(),
    data: z.array(z.array(z.number())),
    lineStyle: z.object({ color: z.string() }).optional()
  })
)
const Formatter = z.object({ formatter: z.custom<(points: unknown) => string>((value) => typeof value === 'function') })

const [curve] = sampleResult().curves
if (!curve) throw new Error('The sample has a curve.')

describe('curves with intervals', () => {
  const view = intervalCurves({ curve }, themes.light)
  const series = Series.parse(view.option.series)

  it('draw a line per series, and a band only where intervals are known', () => {
    expect(series.map(({ type, name }) => `${type} ${name}`)).toEqual(['custom GradSAE band', 'line GradSAE', 'line random'])
    expect(series[0]?.data).toContainEqual([1, 12, 30])
  })

  it('have marked stretches as bars at the foot, which stretch neither axis', () => {
    const points = [0, 1, 4].map((x) => ({ x, y: x / 8, low: null, high: null }))
    const dose: ResultCurve = {
      name: 'concept',
      title: 'Concept',
      x: { label: 'strength', logarithmic: false },
      y: { label: 'concept' },
      series: [{ name: 'up', points }]
    }
    const drawn = (marks: ResultCurve['marks']): string => {
      const chart = init(null, null, { renderer: 'svg', ssr: true, width: 440, height: 300 })
      chart.setOption(intervalCurves({ curve: { ...dose, ...(marks ? { marks } : {}) } }, themes.light).option)
      const svg = chart.renderToSVGString()
      chart.dispose()
      return svg
    }
    const labels = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, text]) => text ?? '')
    const bars = (svg: string): number => svg.split(categoricalColour(themes.light, seriesLooks(['up']).get('up')?.colour ?? 0)).length
    const [bare, marked] = [drawn(undefined), drawn([{ series: 'up', from: 1, to: 4 }])]
    expect(labels(marked)).toEqual(labels(bare))
    expect(bars(marked)).toBe(bars(bare) + 1)
  })

  it('put the ends of bands into the drawing as one polygon', () => {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: 440, height: 300 })
    chart.setOption(view.option)
    const svg = chart.renderToSVGString()
    chart.dispose()
    expect(svg.match(/fill-opacity="0\.14"|opacity="0\.14"/g)).toHaveLength(1)
  })

  it('say the same in words and as a table', () => {
    expect(view.summary).toBe('EM, % against K, %. GradSAE: from 100 (at 0) to 21 (at 10). random: from 100 (at 0) to 95.3 (at 10).')
    expect(view.table.columns).toEqual(['series', 'K, %', 'EM, %', 'low', 'high'])
    expect(view.table.rows[1]).toEqual(['GradSAE', 1, 60, 50, 70])
    expect(view.table.rows).toHaveLength(5)
  })

  it('name value and interval under the pointer, escaped', () => {
    const named = { ...curve, series: curve.series.map((each) => ({ ...each, name: `<${each.name}>` })) }
    const tip = Formatter.parse(intervalCurves({ curve: named }, themes.light).option.tooltip).formatter([{ axisValue: 1 }])
    expect(tip).toContain('K, % 10')
    expect(tip).toContain('12 to 30')
    expect(tip).toContain('&#60;GradSAE&#62;')
    expect(tip).not.toContain('<GradSAE>')
  })

  it('end at the whole where they are shares that come near it, and nowhere else', () => {
    const upTo = (most: number): unknown =>
      intervalCurves({ curve: { ...curve, series: [{ name: 'a', points: [{ x: 1, y: most, low: null, high: null }] }] } }, themes.light)
        .option.yAxis
    expect(intervalCurves({ curve }, themes.light).option.yAxis).toMatchObject({ min: 0, max: 100, interval: 20 })
    expect(upTo(98)).toMatchObject({ max: 100 })
    expect(upTo(40)).not.toHaveProperty('max')
    expect(upTo(140)).not.toHaveProperty('max')
  })

  it('say marked stretches in words', () => {
    const marks = [
      { series: 'GradSAE', from: 1, to: 10 },
      { series: 'random', from: 1, to: 1 }
    ]
    const { summary } = intervalCurves({ curve: { ...curve, marks } }, themes.light)
    expect(summary).toMatch(/ Marked: GradSAE from 1 to 10, random at 1\.$/)
  })

  it('survive nothing at all', () => {
    expect(intervalCurves({ curve: { ...curve, series: [] } }, themes.dark).table.rows).toEqual([])
    const one = { ...curve, series: [{ name: 'exact', points: [{ x: 5, y: 1, low: 0, high: 2 }] }] }
    expect(intervalCurves({ curve: one }, themes.dark).summary).toBe('EM, % against K, %. exact: 1 at 5.')
  })
})

describe('the look of a series', () => {
  it('is that of its method, whatever stands beside it', () => {
    const alone = seriesLooks(['GradSAE'])
    const among = seriesLooks(['random', 'exact', 'Integrated gradients', 'GradSAE', 'Attribution'])
    expect(among.get('GradSAE')).toEqual(alone.get('GradSAE'))
    expect(new Set([...among.values()].map(({ colour }) => colour)).size).toBe(5)
  })

  it('differs in dashes where the colour is the same', () => {
    const looks = seriesLooks(['GradSAE, top', 'GradSAE, bottom'])
    expect(looks.get('GradSAE, top')).toEqual({ colour: 0, dash: null })
    expect(looks.get('GradSAE, bottom')).toEqual({ colour: 0, dash: [5, 3] })
  })

  it('is distinct for up to eight names, and still told apart by dashes beyond', () => {
    const names = Array.from({ length: 12 }, (_, at) => `layer ${at}`)
    const looks = [...seriesLooks(names).values()]
    expect(new Set(looks.slice(0, 8).map(({ colour }) => colour)).size).toBe(8)
    expect(new Set(looks.map((look) => JSON.stringify(look))).size).toBe(12)
  })
})

describe('the scale of an axis', () => {
  it('has a place for 0 half a decade below the smallest number when it is logarithmic', () => {
    const scale = numberScale([0, 1, 10, 100], true)
    expect([0, 1, 10, 100].map(scale.place)).toEqual([-0.5, 0, 1, 2])
    expect(scale.ticks.map(scale.back)).toEqual([0, 1, 10, 100])
  })

  it('stays even where logarithms do not exist, and labels round numbers where there are many', () => {
    expect(numberScale([-1, 1], true).place(-1)).toBe(-1)
    const many = numberScale(
      Array.from({ length: 101 }, (_, at) => at),
      false
    )
    expect(many.ticks).toEqual([0, 20, 40, 60, 80, 100])
    expect(numberScale([], false)).toMatchObject({ min: 0, max: 1 })
  })
})
