/** The most influential latents as signed bars, best at the top: blue lowers the target, orange raises it. */
import { formatNumber, formatSigned } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface InfluenceBar {
  rank: number
  latent: number
  label: string | null
  score: number
}

export interface InfluenceBarsData {
  bars: readonly InfluenceBar[]
  selected: ReadonlySet<number>
  /** Unit of the scores, for example "probability". */
  unit: string
}

export function influenceBars(data: InfluenceBarsData, theme: ChartTheme): ChartView {
  const { bars, selected, unit } = data
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 8, right: 64, top: 4, bottom: 30, containLabel: true },
      xAxis: {
        ...axisStyle(theme, `influence (${unit})`),
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
        data: bars.map((bar) => `${bar.latent}`),
        axisLabel: {
          color: theme.textSoft,
          fontSize: 10.5,
          interval: 0,
          hideOverlap: true,
          width: 130,
          overflow: 'truncate',
          formatter: (_name: string, index: number) => name(bars[index])
        },
        splitLine: { show: false }
      },
      tooltip: {
        ...tooltipStyle(theme),
        trigger: 'item',
        formatter: (point: unknown) => tip(bars[dataIndex(point)], unit)
      },
      series: [
        {
          type: 'bar',
          barCategoryGap: '28%',
          data: bars.map((bar) => ({
            value: bar.score,
            latent: bar.latent,
            itemStyle: {
              color: bar.score < 0 ? theme.diverging[0] : theme.diverging[4],
              opacity: selected.size === 0 || selected.has(bar.latent) ? 1 : 0.5,
              borderColor: theme.text,
              borderWidth: selected.has(bar.latent) ? 1.5 : 0
            },
            label: {
              show: bars.length <= 30,
              position: bar.score < 0 ? 'left' : 'right',
              formatter: formatSigned(bar.score),
              color: theme.textSoft,
              fontSize: 10
            }
          }))
        }
      ]
    },
    summary: summary(bars, unit),
    table: {
      columns: ['rank', 'latent', 'label', `influence (${unit})`],
      rows: bars.map((bar) => [bar.rank, bar.latent, bar.label, bar.score])
    }
  }
}

function name(bar: InfluenceBar | undefined): string {
  if (!bar) return ''
  return bar.label ? `${bar.latent}  ${bar.label}` : `${bar.latent}`
}

function tip(bar: InfluenceBar | undefined, unit: string): string {
  if (!bar) return ''
  return `#${bar.rank} latent ${bar.latent}${bar.label ? `<br>${escapeHtml(bar.label)}` : ''}<br><b>${formatSigned(bar.score)}</b> ${escapeHtml(unit)}`
}

function summary(bars: readonly InfluenceBar[], unit: string): string {
  const [first] = bars
  if (!first) return 'No latent has influence.'
  return `The ${bars.length} most influential latents. The first is latent ${first.latent}${first.label ? ` (${first.label})` : ''} with ${formatSigned(first.score)} ${unit}.`
}
