/** One number along the generated text, a line per column of a comparison, aligned by position. */
import { formatNumber } from '../utils/format'
import type { ChartView } from './chart'
import { axisStyle, baseOption, categoricalColour, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export type PositionMetric = 'kl' | 'logprob' | 'target'
/** All that can be drawn along a text: besides the numbers of every comparison, a further watched token and the size of the edit. */
export type AlongText = PositionMetric | 'watched' | 'edit'

export interface PositionSeries {
  name: string
  /** Index of the categorical colour. */
  colour: number
  baseline: boolean
  /** Visible text of each generated token. */
  tokens: readonly string[]
  /** One per generated token; null where the number is not known. */
  values: readonly (number | null)[]
}

export interface PositionLines {
  metric: AlongText
  series: readonly PositionSeries[]
  /** Visible text of the watched token, for the target's and a watched token's name. */
  target: string | null
}

/** Marks differ in shape as well as in colour. */
const SYMBOLS = ['circle', 'triangle', 'rect', 'diamond', 'pin', 'roundRect', 'arrow'] as const

/** Lines of one colour differ in their dashes: there are more columns than colours. */
export const SERIES_DASHES = ['solid', 'dotted', 'dashed'] as const

/** Which of them a series has: the how-manieth of its colour it is. */
export function dashOf(series: readonly Pick<PositionSeries, 'colour' | 'baseline'>[], index: number): (typeof SERIES_DASHES)[number] {
  const before = series.slice(0, index).filter(({ colour, baseline }) => !baseline && colour === series[index]?.colour).length
  return SERIES_DASHES[before % SERIES_DASHES.length] ?? 'solid'
}

/** Above this many positions marks would run into each other and only lines are drawn. */
const MARKED_POSITIONS = 80

export function positionLines({ metric, series, target }: PositionLines, theme: ChartTheme): ChartView {
  const title = metricName(metric, target)
  const length = Math.max(0, ...series.map(({ values }) => values.length))
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 52, right: 14, top: 26, bottom: 26 },
      tooltip: {
        ...tooltipStyle(theme),
        trigger: 'axis',
        axisPointer: { type: 'line', lineStyle: { color: theme.accent, width: 1 }, label: { show: false } },
        formatter: (points: unknown) => tooltip(series, firstIndex(points), title, theme)
      },
      xAxis: {
        ...axisStyle(theme, ''),
        type: 'category',
        boundaryGap: false,
        data: Array.from({ length }, (_, index) => String(index + 1)),
        axisLabel: { color: theme.textSoft, fontSize: 10.5, hideOverlap: true }
      },
      yAxis: {
        ...axisStyle(theme, title),
        nameLocation: 'end',
        nameTextStyle: { color: theme.textSoft, fontSize: 11, align: 'left', padding: [0, 0, 0, -44] },
        type: 'value',
        max: metric === 'logprob' ? 0 : undefined,
        min: metric === 'logprob' ? undefined : 0,
        axisLine: { show: false },
        axisLabel: { color: theme.textSoft, fontSize: 10.5, formatter: (value: number) => formatNumber(value, 2) },
        splitNumber: 3
      },
      series: series.map((each, index) => line(each, { index, length, dash: dashOf(series, index) }, theme))
    },
    summary: `${title} along the generated text. ${series.map(describe).join(' ')}`,
    table: {
      columns: ['position', ...series.flatMap(({ name }) => [`${name}: token`, `${name}: ${title}`])],
      rows: Array.from({ length }, (_, index) => [
        index + 1,
        ...series.flatMap(({ tokens, values }) => [tokens[index] ?? null, values[index] ?? null])
      ])
    }
  }
}

/** What a metric is, with its unit. */
export function metricName(metric: AlongText, target: string | null): string {
  if (metric === 'kl') return 'KL(steered ‖ unsteered), nats'
  if (metric === 'logprob') return 'log-probability under the unsteered model, nats'
  if (metric === 'edit') return 'size of the edit, ‖edited − before‖ / ‖before‖'
  return target === null ? 'probability of the watched token' : `probability of ${target}`
}

function line(
  { name, colour, baseline, values }: PositionSeries,
  { index, length, dash }: { readonly index: number; readonly length: number; readonly dash: (typeof SERIES_DASHES)[number] },
  theme: ChartTheme
): Record<string, unknown> {
  const stroke = baseline ? theme.textSoft : categoricalColour(theme, colour)
  return {
    type: 'line',
    name,
    data: Array.from({ length }, (_, position) => values[position] ?? null),
    symbol: baseline ? 'emptyCircle' : SYMBOLS[index % SYMBOLS.length],
    symbolSize: 5,
    showSymbol: length <= MARKED_POSITIONS,
    showAllSymbol: true,
    lineStyle: { color: stroke, width: 1.5, type: baseline ? [4, 3] : dash },
    itemStyle: { color: stroke },
    emphasis: { disabled: true },
    z: baseline ? 2 : 3
  }
}

function tooltip(series: readonly PositionSeries[], position: number | null, title: string, theme: ChartTheme): string {
  if (position === null) return ''
  const rows = series
    .filter(({ tokens }) => position < tokens.length)
    .map(({ name, colour, baseline, tokens, values }) => {
      const dot = baseline ? theme.textSoft : categoricalColour(theme, colour)
      return (
        `<tr><td><span style="display:inline-block;width:8px;height:8px;border-radius:4px;background:${dot}"></span> ${escapeHtml(name)}</td>` +
        `<td style="padding:0 10px;font-family:monospace">${escapeHtml(tokens[position] ?? '')}</td>` +
        `<td style="text-align:right">${formatNumber(values[position] ?? null)}</td></tr>`
      )
    })
  return `<div style="opacity:.75">token ${position + 1} · ${escapeHtml(title)}</div><table style="border-spacing:0">${rows.join('')}</table>`
}

function firstIndex(points: unknown): number | null {
  const first: unknown = Array.isArray(points) ? points[0] : points
  if (typeof first !== 'object' || first === null || !('dataIndex' in first)) return null
  return typeof first.dataIndex === 'number' ? first.dataIndex : null
}

function describe({ name, values }: PositionSeries): string {
  const known = values.filter((value): value is number => value !== null)
  if (known.length === 0) return `${name}: not known yet.`
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  return `${name}: mean ${formatNumber(mean)}, largest ${formatNumber(Math.max(...known))}, last ${formatNumber(known[known.length - 1])}.`
}
