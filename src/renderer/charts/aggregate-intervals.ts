/** Latents of a run over a prompt set: mean influence, or the difference of two groups, each with its bootstrap interval. */
import type { CustomSeriesRenderItem } from 'echarts'
import { formatNumber, formatSigned } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface LatentInterval {
  readonly latent: number
  readonly label: string | null
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface AggregateIntervalsData {
  readonly rows: readonly LatentInterval[]
  /** What the value is: "mean influence", "difference". */
  readonly name: string
  /** The same at length, for the sentence: of which groups it is. */
  readonly of: string
  readonly unit: string
  readonly selected: number | null
}

const CAP = 3

export function aggregateIntervals({ rows, name, of, unit, selected }: AggregateIntervalsData, theme: ChartTheme): ChartView {
  const colourOf = ({ value }: LatentInterval): string => (value < 0 ? theme.diverging[0] : theme.diverging[4])
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 8, right: 24, top: 6, bottom: 32, containLabel: true },
      xAxis: {
        ...axisStyle(theme, `${name} (${unit})`),
        type: 'value',
        nameLocation: 'middle',
        nameGap: 20,
        splitNumber: 4,
        axisLabel: { color: theme.textSoft, fontSize: 10.5, hideOverlap: true, formatter: (value: number) => formatNumber(value, 2) }
      },
      yAxis: {
        ...axisStyle(theme, ''),
        type: 'category',
        inverse: true,
        data: rows.map(({ latent }) => String(latent)),
        axisLabel: {
          color: theme.textSoft,
          fontSize: 10.5,
          interval: 0,
          width: 150,
          overflow: 'truncate',
          formatter: (_name: string, index: number) => nameOf(rows[index])
        },
        splitLine: { show: false }
      },
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(rows[dataIndex(point)], unit) },
      series: [
        {
          type: 'custom',
          renderItem: whiskers(rows, colourOf),
          encode: { x: [1, 2], y: 0 },
          data: rows.map(({ latent, low, high }, at) => ({ value: [at, low, high], latent }))
        },
        {
          type: 'scatter',
          symbolSize: 8,
          data: rows.map((row, at) => ({
            value: [row.value, at],
            latent: row.latent,
            itemStyle: { color: colourOf(row), borderColor: theme.text, borderWidth: row.latent === selected ? 2 : 0 }
          }))
        }
      ]
    },
    summary: summary(rows, of, unit),
    table: {
      columns: ['latent', 'label', `${name} (${unit})`, 'low (95 %)', 'high (95 %)'],
      rows: rows.map(({ latent, label, value, low, high }) => [latent, label, value, low, high])
    }
  }
}

interface Ends {
  x1: number
  y1: number
  x2: number
  y2: number
}

/** A line from low to high with a cap at each end. */
function whiskers(rows: readonly LatentInterval[], colourOf: (row: LatentInterval) => string): CustomSeriesRenderItem {
  return (params, api) => {
    const row = rows[params.dataIndex]
    if (!row) return null
    const at = params.dataIndex
    const [x1 = 0, y = 0] = api.coord([row.low, at])
    const [x2 = 0] = api.coord([row.high, at])
    const style = { stroke: colourOf(row), lineWidth: 1.5 }
    const line = (shape: Ends): { type: 'line'; shape: Ends; style: typeof style } => ({ type: 'line', shape, style })
    return {
      type: 'group',
      children: [
        line({ x1, y1: y, x2, y2: y }),
        line({ x1, y1: y - CAP, x2: x1, y2: y + CAP }),
        line({ x1: x2, y1: y - CAP, x2, y2: y + CAP })
      ]
    }
  }
}

const nameOf = (row: LatentInterval | undefined): string => (!row ? '' : row.label ? `${row.latent}  ${row.label}` : String(row.latent))

const words = ({ value, low, high }: LatentInterval): string => `${formatSigned(value)} (${formatSigned(low)} to ${formatSigned(high)})`

function tip(row: LatentInterval | undefined, unit: string): string {
  if (!row) return ''
  return `latent ${row.latent}${row.label ? `<br>${escapeHtml(row.label)}` : ''}<br><b>${words(row)}</b> ${escapeHtml(unit)}`
}

function summary(rows: readonly LatentInterval[], of: string, unit: string): string {
  const [first] = rows
  if (!first) return 'No latent has a result yet.'
  return `${of} of the first ${rows.length} latents with 95 % bootstrap intervals. The first is latent ${first.latent}${first.label ? ` (${first.label})` : ''} with ${words(first)} ${unit}.`
}
