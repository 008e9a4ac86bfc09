/**
 * The estimate against the truth: score (first order) on x, exact effect of zero-ablation on y, for the verified latents.
 * The dashed line is y = x where the score is in the effect's unit, else the least-squares line through the origin.
 */
import { formatNumber, formatSigned } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface PredictedExactPoint {
  latent: number
  label: string | null
  score: number
  exactEffect: number
}

export interface PredictedExactData {
  points: readonly PredictedExactPoint[]
  selected: ReadonlySet<number>
  pearson: number | null
  spearman: number | null
  /** True when a perfect estimate lies on y = x (the signed sum); false for a mean over positions. */
  sameUnit: boolean
  unit: string
}

export function predictedExact(data: PredictedExactData, theme: ChartTheme): ChartView {
  const { points, selected, unit } = data
  const slope = data.sameUnit ? 1 : slopeThroughOrigin(points)
  const xs = points.map((point) => point.score)
  const [low, high] = [Math.min(0, ...xs), Math.max(0, ...xs)]
  const label = { color: theme.textSoft, fontSize: 10.5, hideOverlap: true, formatter: (value: number) => formatNumber(value, 2) }
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 8, right: 20, top: 26, bottom: 28, containLabel: true },
      xAxis: {
        ...axisStyle(theme, `predicted influence (${unit})`),
        type: 'value',
        nameLocation: 'middle',
        nameGap: 22,
        axisLabel: label,
        splitNumber: 4,
        scale: true
      },
      yAxis: {
        ...axisStyle(theme, `exact effect (${unit})`),
        type: 'value',
        nameGap: 10,
        nameTextStyle: { color: theme.textSoft, fontSize: 11, align: 'left' },
        axisLabel: label,
        splitNumber: 4,
        scale: true
      },
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(points[dataIndex(point)]) },
      series: [
        {
          type: 'scatter',
          z: 3,
          data: points.map((point) => ({
            value: [point.score, point.exactEffect],
            latent: point.latent,
            symbolSize: selected.has(point.latent) ? 14 : 9,
            itemStyle: {
              color: point.exactEffect < 0 ? theme.diverging[0] : theme.diverging[4],
              opacity: 0.9,
              borderColor: theme.text,
              borderWidth: selected.has(point.latent) ? 2 : 0
            },
            label: {
              show: selected.has(point.latent) && selected.size <= 12,
              position: 'top',
              formatter: String(point.latent),
              color: theme.text,
              fontSize: 11,
              fontWeight: 600
            }
          }))
        },
        {
          type: 'line',
          silent: true,
          symbol: 'none',
          z: 1,
          lineStyle: { color: theme.textSoft, width: 1, type: 'dashed' },
          data: [
            [low, low * slope],
            [high, high * slope]
          ]
        }
      ]
    },
    summary: summary(data, slope),
    table: {
      columns: ['latent', 'label', `predicted influence (${unit})`, `exact effect (${unit})`],
      rows: points.map((point) => [point.latent, point.label, point.score, point.exactEffect])
    }
  }
}

/** sum(x y) / sum(x x); 0 without points. */
export function slopeThroughOrigin(points: readonly { score: number; exactEffect: number }[]): number {
  const squares = points.reduce((sum, point) => sum + point.score * point.score, 0)
  return squares === 0 ? 0 : points.reduce((sum, point) => sum + point.score * point.exactEffect, 0) / squares
}

function tip(point: PredictedExactPoint | undefined): string {
  if (!point) return ''
  return `latent ${point.latent}${point.label ? `<br>${escapeHtml(point.label)}` : ''}<br>predicted <b>${formatSigned(point.score)}</b><br>exact <b>${formatSigned(point.exactEffect)}</b>`
}

function summary({ points, pearson, spearman, sameUnit }: PredictedExactData, slope: number): string {
  if (points.length === 0) return 'No latent has been verified by ablation yet.'
  const parts = [`${points.length} latents verified by zero-ablation.`]
  if (spearman !== null) parts.push(`Spearman ${formatNumber(spearman)}, Pearson ${formatNumber(pearson)}.`)
  if (!sameUnit) parts.push(`Scores are means over positions; the exact effect is ${formatNumber(slope)} times the score on the whole.`)
  return parts.join(' ')
}
