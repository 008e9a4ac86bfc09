/** Where in the prompt each layer matters: rows are layers in the order of the forward pass, columns are tokens. */
import { formatNumber } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface LayerPositionsData {
  /** Sum of |score| at each position, [positions]; `name` short, as the axis shows it. */
  readonly layers: readonly { readonly name: string; readonly hook: string; readonly byPosition: readonly number[] }[]
  /** Tokens as visible text, by position. */
  readonly tokens: readonly string[]
  /** The layer and the position that are chosen. */
  readonly layer: number | null
  readonly position: number | null
  readonly unit: string
}

const ZOOM_FROM = 80

export function layerPositions(data: LayerPositionsData, theme: ChartTheme): ChartView {
  const { layers, tokens, layer: chosen, position, unit } = data
  const cells = layers.flatMap(({ byPosition }, layer) => byPosition.map((score, at) => ({ layer, position: at, score })))
  const limit = Math.max(...cells.map(({ score }) => score), 1e-30)
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 8, right: 10, top: 6, bottom: 8, containLabel: true },
      xAxis: {
        ...axisStyle(theme, ''),
        type: 'category',
        data: tokens.map((_, at) => String(at)),
        axisLabel: {
          fontSize: 10.5,
          fontFamily: '"JetBrains Mono", monospace',
          rotate: 60,
          interval: 'auto',
          width: 70,
          overflow: 'truncate',
          formatter: (_name: string, at: number) => tokens[at] ?? '',
          color: (_name?: string | number, at?: number) => (at !== undefined && at === position ? theme.accent : theme.textSoft)
        },
        splitLine: { show: false }
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
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(cells[dataIndex(point)], data) },
      visualMap: { show: false, min: 0, max: limit, dimension: 2, seriesIndex: 0, inRange: { color: [...theme.sequential] } },
      ...(tokens.length > ZOOM_FROM
        ? { dataZoom: [{ type: 'inside', xAxisIndex: 0, zoomOnMouseWheel: 'shift', moveOnMouseWheel: true }] }
        : {}),
      series: [
        {
          type: 'heatmap',
          progressive: 0,
          data: cells.map((cell) => ({
            value: [cell.position, cell.layer, cell.score],
            layer: cell.layer,
            position: cell.position,
            itemStyle: {
              borderColor: cell.layer === chosen || cell.position === position ? theme.textSoft : theme.background,
              borderWidth: 1
            }
          })),
          emphasis: { itemStyle: { borderColor: theme.accent, borderWidth: 2 } }
        }
      ]
    },
    summary: summary(data, cells),
    table: {
      columns: ['layer', 'position', 'token', `sum of |score| (${unit})`],
      rows: cells.map((cell) => [layers[cell.layer]?.hook ?? '', cell.position, tokens[cell.position] ?? '', cell.score])
    }
  }
}

interface Cell {
  readonly layer: number
  readonly position: number
  readonly score: number
}

function tip(cell: Cell | undefined, { layers, tokens, unit }: LayerPositionsData): string {
  const layer = cell && layers[cell.layer]
  if (!cell || !layer) return ''
  return `${escapeHtml(layer.hook)}<br>at ${cell.position}: <b>${escapeHtml(tokens[cell.position] ?? '')}</b><br>sum of |score| <b>${formatNumber(cell.score)}</b> ${escapeHtml(unit)}`
}

function summary({ layers, tokens, unit }: LayerPositionsData, cells: readonly Cell[]): string {
  const most = cells.reduce<Cell | null>((best, cell) => (best && best.score >= cell.score ? best : cell), null)
  if (!most || most.score === 0) return 'No layer has influence at any token.'
  return `Sum of |score| of ${layers.length} layers at ${tokens.length} tokens. Most: ${layers[most.layer]?.hook ?? ''} at token ${most.position} “${tokens[most.position] ?? ''}”, ${formatNumber(most.score)} ${unit}.`
}
