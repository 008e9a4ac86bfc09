/**
 * What separates two groups of prompts, over all latents at once: the difference of their mean scores to the right, and how unlikely it
 * would be without one (-log10 of the Mann-Whitney p) upwards. Filled marks are significant after correction (Benjamini-Hochberg).
 */
import { formatCount, formatNumber, formatSigned } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface LatentDifference {
  readonly latent: number
  readonly label: string | null
  /** Mean score in the first group minus mean score in the second. */
  readonly value: number
  readonly p: number
  readonly q: number
}

export interface GroupDifferenceData {
  readonly rows: readonly LatentDifference[]
  readonly groups: readonly [string, string]
  /** What the difference is, on the axis: "sorrow − joy". */
  readonly name: string
  readonly unit: string
  readonly selected: number | null
}

/** The false discovery rate at which latents count as separating the groups. */
export const FALSE_DISCOVERIES = 0.05
/** Smaller p are drawn here. */
const SMALLEST_P = 1e-30
const NAMED = 3

const evidence = (p: number): number => -Math.log10(Math.max(p, SMALLEST_P))
const separates = ({ q }: LatentDifference): boolean => q < FALSE_DISCOVERIES

export function groupDifference(data: GroupDifferenceData, theme: ChartTheme): ChartView {
  const { rows, name, unit, selected } = data
  const label = { color: theme.textSoft, fontSize: 10.5, hideOverlap: true, formatter: (value: number) => formatNumber(value, 2) }
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 8, right: 20, top: 26, bottom: 28, containLabel: true },
      xAxis: {
        ...axisStyle(theme, `${name} (${unit})`),
        type: 'value',
        nameLocation: 'middle',
        nameGap: 22,
        axisLabel: label,
        splitNumber: 4
      },
      yAxis: {
        ...axisStyle(theme, '−log10 p'),
        type: 'value',
        min: 0,
        nameGap: 10,
        nameTextStyle: { color: theme.textSoft, fontSize: 11, align: 'left' },
        axisLabel: label,
        splitNumber: 4
      },
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(rows[dataIndex(point)], unit) },
      series: [
        {
          type: 'scatter',
          data: rows.map((row, at) => ({
            value: [row.value, evidence(row.p)],
            latent: row.latent,
            symbol: separates(row) ? 'circle' : 'emptyCircle',
            symbolSize: row.latent === selected ? 12 : separates(row) ? 8 : 5,
            itemStyle: {
              color: separates(row) ? theme.diverging[row.value < 0 ? 0 : 4] : theme.textSoft,
              opacity: separates(row) || row.latent === selected ? 0.9 : 0.5,
              borderColor: row.latent === selected ? theme.text : undefined,
              borderWidth: row.latent === selected ? 2 : 1
            },
            label: {
              show: row.latent === selected || (at < NAMED && separates(row)),
              position: 'top',
              formatter: String(row.latent),
              color: theme.text,
              fontSize: 11
            }
          })),
          markLine: line(rows, theme)
        }
      ]
    },
    summary: summary(data),
    table: {
      columns: ['latent', 'label', `${name} (${unit})`, 'p', 'q'],
      rows: rows.map((row) => [row.latent, row.label, row.value, row.p, row.q])
    }
  }
}

/** Between the latents that separate the groups and the others; Benjamini-Hochberg keeps the order of p. */
function line(rows: readonly LatentDifference[], theme: ChartTheme): object | undefined {
  const largest = Math.max(...rows.filter(separates).map(({ p }) => p))
  if (!Number.isFinite(largest)) return undefined
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: theme.textSoft, width: 1, type: 'dashed' },
    label: { formatter: `q < ${FALSE_DISCOVERIES}`, position: 'insideEndTop', color: theme.textSoft, fontSize: 10.5 },
    data: [{ yAxis: evidence(largest) }]
  }
}

function tip(row: LatentDifference | undefined, unit: string): string {
  if (!row) return ''
  const name = row.label ? `<br>${escapeHtml(row.label)}` : ''
  return `latent ${row.latent}${name}<br><b>${formatSigned(row.value)}</b> ${escapeHtml(unit)}<br>p ${formatNumber(row.p, 2)}, q ${formatNumber(row.q, 2)}`
}

function summary({ rows, groups, unit }: GroupDifferenceData): string {
  const found = rows.filter(separates)
  const of = `of ${formatCount(rows.length)} latents`
  if (found.length === 0) return `None ${of} separates “${groups[0]}” from “${groups[1]}” (q < ${FALSE_DISCOVERIES}).`
  const most = found.reduce((best, row) => (Math.abs(row.value) > Math.abs(best.value) ? row : best))
  const name = most.label ? ` (${most.label})` : ''
  return (
    `${formatCount(found.length)} ${of} ${found.length === 1 ? 'separates' : 'separate'} “${groups[0]}” from “${groups[1]}” ` +
    `(q < ${FALSE_DISCOVERIES}). Among them the largest difference is that of latent ${most.latent}${name}: ${formatSigned(most.value)} ${unit}.`
  )
}
