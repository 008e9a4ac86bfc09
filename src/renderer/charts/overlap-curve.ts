/** Jaccard overlap of two rankings' top k, for every k: how far down they agree. */
import { formatNumber } from '../utils/format'
import type { ChartView } from './chart'
import { axisStyle, baseOption, categoricalColour, tooltipStyle, type ChartTheme } from './theme'

export interface OverlapCurve {
  name: string
  /** Overlap at k = 1, 2, ... */
  values: readonly number[]
}

/** The depths that the summary names. */
export const OVERLAP_DEPTHS = [10, 20, 50] as const

export function overlapCurves(curves: readonly OverlapCurve[], theme: ChartTheme): ChartView {
  const length = Math.max(0, ...curves.map(({ values }) => values.length))
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 34, right: 14, top: 26, bottom: 38 },
      legend: { top: 0, right: 10, itemWidth: 18, itemHeight: 8, icon: 'roundRect', textStyle: { color: theme.textSoft, fontSize: 10.5 } },
      tooltip: {
        ...tooltipStyle(theme),
        trigger: 'axis',
        axisPointer: { type: 'line', lineStyle: { color: theme.line } },
        valueFormatter: (value: unknown) => (typeof value === 'number' ? formatNumber(value) : '–')
      },
      xAxis: {
        ...axisStyle(theme, 'k: latents from the top of each'),
        nameLocation: 'middle',
        nameGap: 22,
        type: 'category',
        boundaryGap: false,
        data: Array.from({ length }, (_, index) => String(index + 1))
      },
      yAxis: {
        ...axisStyle(theme, 'shared ÷ in either'),
        nameTextStyle: { color: theme.textSoft, fontSize: 11, align: 'left', padding: [0, 0, 0, -26] },
        type: 'value',
        min: 0,
        max: 1,
        splitNumber: 2,
        axisLine: { show: false }
      },
      series: curves.map(({ name, values }, index) => ({
        type: 'line',
        name,
        data: [...values],
        showSymbol: false,
        step: 'middle',
        lineStyle: {
          color: categoricalColour(theme, index),
          width: 1.5,
          type: index % 3 === 1 ? [5, 3] : index % 3 === 2 ? [2, 2] : 'solid'
        },
        itemStyle: { color: categoricalColour(theme, index) },
        emphasis: { disabled: true }
      }))
    },
    summary: curves.map(describe).join(' '),
    table: {
      columns: ['k', ...curves.map(({ name }) => name)],
      rows: Array.from({ length }, (_, index) => [index + 1, ...curves.map(({ values }) => values[index] ?? null)])
    }
  }
}

function describe({ name, values }: OverlapCurve): string {
  const named = OVERLAP_DEPTHS.filter((depth) => depth <= values.length).map((depth) => `${formatNumber(values[depth - 1])} at ${depth}`)
  return `Overlap of ${name}: ${named.length > 0 ? named.join(', ') : formatNumber(values[values.length - 1] ?? null)}.`
}
