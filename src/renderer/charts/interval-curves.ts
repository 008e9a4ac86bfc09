/** Lines with their intervals as bands: a curve of an experiment's result, one line per method. */
import type { CustomSeriesRenderItem } from 'echarts'
import type { ResultCurve } from '../../shared/records/experiment'
import { formatNumber } from '../utils/format'
import { numberScale, type NumberScale } from './number-scale'
import type { ChartView } from './chart'
import { seriesLooks, type SeriesLook } from './series-looks'
import { axisStyle, baseOption, categoricalColour, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

type Series = ResultCurve['series'][number]

export interface IntervalCurvesData {
  readonly curve: ResultCurve
  /** Names of all series of the result, which share colours; the curve's own when absent. */
  readonly names?: readonly string[]
  /** About how wide the chart will be, in px: decides how many rows the legend has. */
  readonly width?: number
}

/** Marks differ in shape as well as in colour. */
const SYMBOLS = ['circle', 'triangle', 'rect', 'diamond', 'emptyCircle', 'emptyTriangle', 'emptyRect', 'emptyDiamond'] as const
/** Above this many points marks would run into each other and only lines are drawn. */
const MARKED_POINTS = 24
/** From this share of the whole on, an axis of shares ends at the whole. */
const NEAR_WHOLE = 0.7
const BAND_OPACITY = 0.14
/** Bars of marked stretches: how far they reach beyond their ends, and how far apart they lie, in px. */
const RANGE_END = 4
const RANGE_ROW = 5
const LEGEND_ROW = 17
/** Width of a legend's sign and of a letter in it, in px. */
const LEGEND_SIGN = 34
const LEGEND_LETTER = 6.2

/** The curve as a chart: lines over bands, a legend above, the x axis logarithmic (with a place for 0) where it asks for it. */
export function intervalCurves({ curve, names, width = 440 }: IntervalCurvesData, theme: ChartTheme): ChartView {
  const looks = seriesLooks(names ?? curve.series.map(({ name }) => name))
  const lookOf = ({ name }: Series): SeriesLook => looks.get(name) ?? { colour: 7, dash: null }
  const scale = numberScale(
    curve.series.flatMap(({ points }) => points.map(({ x }) => x)),
    curve.x.logarithmic
  )
  const legend = curve.series.length > 1 ? legendRows(curve.series, width) * LEGEND_ROW : 0
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 50, right: 16, top: legend + 26, bottom: 38 },
      legend: {
        show: curve.series.length > 1,
        top: 0,
        left: 0,
        right: 0,
        itemWidth: 20,
        itemHeight: 7,
        itemGap: 12,
        textStyle: { color: theme.textSoft, fontSize: 10.5 },
        data: curve.series.map(({ name }) => name)
      },
      tooltip: {
        ...tooltipStyle(theme),
        trigger: 'axis',
        axisPointer: { type: 'line', lineStyle: { color: theme.line } },
        formatter: (points: unknown) => tooltip(curve, scale, place(points), lookOf, theme)
      },
      xAxis: {
        ...axisStyle(theme, curve.x.label),
        type: 'value',
        nameLocation: 'middle',
        nameGap: 22,
        axisLine: { show: true, onZero: false, lineStyle: { color: theme.line } },
        min: scale.min,
        max: scale.max,
        axisTick: { show: true, customValues: scale.ticks, lineStyle: { color: theme.line }, length: 3 },
        axisLabel: {
          color: theme.textSoft,
          fontSize: 10.5,
          hideOverlap: true,
          customValues: scale.ticks,
          formatter: (value: number) => formatNumber(scale.back(value), 3)
        },
        splitLine: { show: false }
      },
      yAxis: {
        ...axisStyle(theme, curve.y.label),
        nameTextStyle: { color: theme.textSoft, fontSize: 11, align: 'left', padding: [0, 0, 0, -42] },
        type: 'value',
        scale: true,
        splitNumber: 4,
        ...ends(curve),
        axisLine: { show: false, onZero: false },
        axisLabel: { color: theme.textSoft, fontSize: 10.5, formatter: (value: number) => formatNumber(value, 3) }
      },
      series: [
        ...curve.series.filter(hasBand).map((series) => band(series, lookOf(series), scale, theme)),
        ...curve.series.map((series, at) => line(series, at, lookOf(series), scale, theme)),
        ...ranges(curve, lookOf, scale, theme)
      ]
    },
    summary: `${curve.y.label} against ${curve.x.label}. ${[...curve.series.map((series) => describe(series)), ...marked(curve)].join(' ')}`,
    table: {
      columns: ['series', curve.x.label, curve.y.label, 'low', 'high'],
      rows: curve.series.flatMap(({ name, points }) => points.map(({ x, y, low, high }) => [name, x, y, low, high]))
    }
  }
}

function line({ name, points }: Series, at: number, { colour, dash }: SeriesLook, scale: NumberScale, theme: ChartTheme) {
  const stroke = categoricalColour(theme, colour)
  return {
    type: 'line' as const,
    name,
    data: points.map(({ x, y }) => [scale.place(x), y]),
    symbol: SYMBOLS[at % SYMBOLS.length],
    symbolSize: 6,
    showSymbol: points.length <= MARKED_POINTS,
    lineStyle: { color: stroke, width: 1.6, type: dash ? [...dash] : ('solid' as const) },
    itemStyle: { color: stroke },
    emphasis: { disabled: true },
    z: 3
  }
}

/** Marked stretches as bars at the foot of the chart, one row for each series. */
function ranges({ series, marks = [] }: ResultCurve, lookOf: (series: Series) => SeriesLook, scale: NumberScale, theme: ChartTheme) {
  return series.flatMap((own, row) => {
    const stretches = marks.filter((mark) => mark.series === own.name)
    if (stretches.length === 0) return []
    const renderItem: CustomSeriesRenderItem = ({ coordSys }, api) => {
      const [left = 0] = api.coord([api.value(0), 0])
      const [right = 0] = api.coord([api.value(1), 0])
      const foot = 'y' in coordSys && 'height' in coordSys ? Number(coordSys.y) + Number(coordSys.height) : 0
      const shape = { x: left - RANGE_END, y: foot - (row + 1) * RANGE_ROW, width: right - left + 2 * RANGE_END, height: 3, r: 1.5 }
      return { type: 'rect', shape, style: { fill: categoricalColour(theme, lookOf(own).colour) } }
    }
    // Both ends lie on the x axis; without a place on the other axis the second would stretch that one.
    const data = stretches.map(({ from, to }) => [scale.place(from), scale.place(to), '-'])
    const encode = { x: [0, 1], y: 2 }
    return [{ type: 'custom' as const, name: own.name, renderItem, encode, data, silent: true, tooltip: { show: false }, z: 4 }]
  })
}

const hasBand = ({ points }: Series): boolean => points.some(({ low, high }) => low !== null && high !== null)

/** One polygon per series: along the upper ends and back along the lower ones. A single point gets a bar instead. */
function band({ name, points }: Series, { colour }: SeriesLook, scale: NumberScale, theme: ChartTheme) {
  const known = points.flatMap(({ x, low, high }) => (low === null || high === null ? [] : [{ x: scale.place(x), low, high }]))
  const fill = categoricalColour(theme, colour)
  const renderItem: CustomSeriesRenderItem = (params, api) => {
    if (params.dataIndexInside !== 0) return null
    const upper = known.map(({ x, high }) => api.coord([x, high]))
    const lower = known.map(({ x, low }) => api.coord([x, low]))
    if (known.length > 1)
      return { type: 'polygon', silent: true, shape: { points: [...upper, ...lower.reverse()] }, style: { fill, opacity: BAND_OPACITY } }
    const [[x = 0, top = 0] = [], [, bottom = 0] = []] = [upper[0], lower[0]]
    return { type: 'line', silent: true, shape: { x1: x, y1: top, x2: x, y2: bottom }, style: { stroke: fill, lineWidth: 1.2 } }
  }
  return {
    type: 'custom' as const,
    name: `${name} band`,
    renderItem,
    // The ends are data, so that the axis makes room for them.
    data: known.map(({ x, low, high }) => [x, low, high]),
    encode: { x: 0, y: [1, 2] },
    clip: true,
    silent: true,
    tooltip: { show: false },
    z: 1
  }
}

/** Shares and percentages that come near the whole end there, and begin at 0 if they fall far; other axes find their own ends. */
function ends({ series, y }: ResultCurve): { max?: number; min?: number; interval?: number } {
  const values = series.flatMap(({ points }) => points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]))
  const whole = y.label.includes('%') ? 100 : 1
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (least < 0 || most > whole || most < NEAR_WHOLE * whole) return {}
  return least < whole / 2 ? { min: 0, max: whole, interval: whole / 5 } : { max: whole }
}

function legendRows(series: readonly Series[], width: number): number {
  let rows = 1
  let used = 0
  for (const { name } of series) {
    const wide = LEGEND_SIGN + name.length * LEGEND_LETTER
    if (used > 0 && used + wide > width) {
      rows++
      used = 0
    }
    used += wide
  }
  return rows
}

function place(points: unknown): number | null {
  const first: unknown = Array.isArray(points) ? points[0] : points
  if (typeof first !== 'object' || first === null || !('axisValue' in first)) return null
  return typeof first.axisValue === 'number' ? first.axisValue : null
}

function tooltip(
  { series, x: axis, y }: ResultCurve,
  scale: NumberScale,
  at: number | null,
  lookOf: (series: Series) => SeriesLook,
  theme: ChartTheme
): string {
  if (at === null) return ''
  const near = (place: number): boolean => Math.abs(place - at) < 1e-9 * Math.max(1, Math.abs(at))
  const rows = series.flatMap((each) => {
    const point = each.points.find(({ x }) => near(scale.place(x)))
    if (!point) return []
    const dot = categoricalColour(theme, lookOf(each).colour)
    const interval = point.low === null || point.high === null ? '' : `${formatNumber(point.low)} to ${formatNumber(point.high)}`
    return [
      `<tr><td><span style="display:inline-block;width:8px;height:8px;border-radius:4px;background:${dot}"></span> ${escapeHtml(each.name)}</td>` +
        `<td style="text-align:right;padding:0 8px"><b>${formatNumber(point.y)}</b></td><td style="opacity:.75">${interval}</td></tr>`
    ]
  })
  const head = `${escapeHtml(axis.label)} ${formatNumber(scale.back(at))} · ${escapeHtml(y.label)}`
  return `<div style="opacity:.75">${head}</div><table style="border-spacing:0">${rows.join('')}</table>`
}

/** The marked stretches in words: what the bars at the foot say to those who see them. */
function marked({ marks = [] }: ResultCurve): string[] {
  if (marks.length === 0) return []
  const stretches = marks.map(({ series, from, to }) => {
    const [first, last] = [formatNumber(from), formatNumber(to)]
    return `${series} ${from === to ? `at ${first}` : `from ${first} to ${last}`}`
  })
  return [`Marked: ${stretches.join(', ')}.`]
}

function describe({ name, points }: Series): string {
  const first = points[0]
  const last = points[points.length - 1]
  if (!first || !last) return `${name}: no points.`
  if (points.length === 1) return `${name}: ${formatNumber(first.y)} at ${formatNumber(first.x)}.`
  return `${name}: from ${formatNumber(first.y)} (at ${formatNumber(first.x)}) to ${formatNumber(last.y)} (at ${formatNumber(last.x)}).`
}
