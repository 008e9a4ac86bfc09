/** How much of all |score| each layer holds, and beside it how much of the layer's own effect its SAE leaves to the error term. */
import { formatNumber, formatShare, formatSigned } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface LayerShare {
  /** Short, as the axis shows it. */
  readonly name: string
  readonly hook: string
  /** Of the sum of |score| over all layers, 0 to 1. */
  readonly share: number
  /** Sum of |score| over the layer's latents. */
  readonly sum: number
  /** |error| of |latents| + |decoder bias| + |error| in g . resid: what the SAE does not explain there, 0 to 1. */
  readonly errorShare: number
  /** g . resid, signed. */
  readonly total: number
  readonly active: number
  readonly fvu: number
  readonly l0: number
}

export interface LayerShareData {
  readonly layers: readonly LayerShare[]
  readonly layer: number | null
  readonly unit: string
}

export function layerShare(data: LayerShareData, theme: ChartTheme): ChartView {
  const { layers, layer: chosen, unit } = data
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 8, right: 56, top: 4, bottom: 30, containLabel: true },
      xAxis: {
        ...axisStyle(theme, 'share of all |score|'),
        type: 'value',
        min: 0,
        nameLocation: 'middle',
        nameGap: 20,
        splitNumber: 4,
        axisLabel: { color: theme.textSoft, fontSize: 10.5, hideOverlap: true, formatter: (value: number) => formatShare(value, 2) }
      },
      yAxis: {
        ...axisStyle(theme, ''),
        type: 'category',
        inverse: true,
        data: layers.map((_, at) => String(at)),
        axisLabel: {
          fontSize: 10.5,
          interval: 0,
          hideOverlap: true,
          width: 130,
          overflow: 'truncate',
          formatter: (_name: string, at: number) => layers[at]?.name ?? '',
          color: (_name?: string | number, at?: number) => (at !== undefined && at === chosen ? theme.accent : theme.textSoft)
        },
        splitLine: { show: false }
      },
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(layers[dataIndex(point)], unit) },
      series: [
        {
          type: 'bar',
          barCategoryGap: '28%',
          barMaxWidth: 22,
          data: layers.map((layer, at) => ({
            value: layer.share,
            layer: at,
            itemStyle: {
              color: theme.sequential[3],
              opacity: chosen === null || chosen === at ? 1 : 0.5,
              borderColor: theme.text,
              borderWidth: chosen === at ? 1.5 : 0
            },
            label: {
              show: layers.length <= 30,
              position: 'right',
              formatter: formatShare(layer.share),
              color: theme.textSoft,
              fontSize: 10
            }
          }))
        }
      ]
    },
    summary: summary(layers),
    table: {
      columns: [
        'layer',
        'share',
        `sum of |score| (${unit})`,
        `gradient times value (${unit})`,
        'error share',
        'active latents',
        'L0',
        'FVU'
      ],
      rows: layers.map(({ hook, share, sum, total, errorShare, active, l0, fvu }) => [hook, share, sum, total, errorShare, active, l0, fvu])
    }
  }
}

function tip(layer: LayerShare | undefined, unit: string): string {
  if (!layer) return ''
  return [
    `${escapeHtml(layer.hook)}: <b>${formatShare(layer.share)}</b> of all |score|`,
    `sum of |score| ${formatNumber(layer.sum)} ${escapeHtml(unit)}, ${layer.active} active latents`,
    `gradient times value ${formatSigned(layer.total)}, of which the error term holds ${formatShare(layer.errorShare)}`,
    `L0 ${formatNumber(layer.l0)}, unexplained variance ${formatNumber(layer.fvu)}`
  ].join('<br>')
}

function summary(layers: readonly LayerShare[]): string {
  const sorted = [...layers].sort((a, b) => b.share - a.share)
  if (sorted.length === 0) return 'There is no layer.'
  return `Share of all |score|: ${sorted.map(({ hook, share }) => `${hook} ${formatShare(share)}`).join(', ')}.`
}
