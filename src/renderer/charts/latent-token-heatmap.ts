/** Influence of the top latents at each token: rows are latents by rank, columns are positions; zero is left blank. */
import { formatSigned } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface HeatmapCell {
  /** Index into `rows`. */
  row: number
  position: number
  score: number
  activation: number
}

export interface LatentTokenHeatmapData {
  rows: readonly { latent: number; label: string | null }[]
  /** Tokens as visible text, by position. */
  tokens: readonly string[]
  cells: readonly HeatmapCell[]
  selected: ReadonlySet<number>
  position: number | null
  unit: string
}

const ZOOM_FROM = 80

export function latentTokenHeatmap(data: LatentTokenHeatmapData, theme: ChartTheme): ChartView {
  const { rows, tokens, cells, selected, position, unit } = data
  const limit = Math.max(...cells.map((cell) => Math.abs(cell.score)), 1e-30)
  const strong = (index: number): boolean => selected.has(rows[index]?.latent ?? -1)
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
        splitLine: { show: false },
        splitArea: { show: false }
      },
      yAxis: {
        ...axisStyle(theme, ''),
        type: 'category',
        inverse: true,
        data: rows.map((row) => String(row.latent)),
        axisLabel: {
          fontSize: 10.5,
          interval: 0,
          hideOverlap: true,
          width: 120,
          overflow: 'truncate',
          formatter: (_name: string, at: number) => rowName(rows[at]),
          color: (_name?: string | number, at?: number) => (at !== undefined && strong(at) ? theme.accent : theme.textSoft)
        },
        splitLine: { show: false }
      },
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(cells[dataIndex(point)], data) },
      visualMap: { show: false, min: -limit, max: limit, dimension: 2, seriesIndex: 0, inRange: { color: [...theme.diverging] } },
      ...(tokens.length > ZOOM_FROM
        ? { dataZoom: [{ type: 'inside', xAxisIndex: 0, zoomOnMouseWheel: 'shift', moveOnMouseWheel: true }] }
        : {}),
      series: [
        {
          type: 'heatmap',
          progressive: 0,
          data: cells.map((cell) => ({
            value: [cell.position, cell.row, cell.score],
            latent: rows[cell.row]?.latent,
            position: cell.position,
            itemStyle: { borderColor: strong(cell.row) || cell.position === position ? theme.textSoft : theme.background, borderWidth: 1 }
          })),
          emphasis: { itemStyle: { borderColor: theme.accent, borderWidth: 2 } }
        }
      ]
    },
    summary: summary(data, unit),
    table: {
      columns: ['latent', 'label', 'position', 'token', 'activation', `influence (${unit})`],
      rows: cells.map((cell) => [
        rows[cell.row]?.latent ?? null,
        rows[cell.row]?.label ?? null,
        cell.position,
        tokens[cell.position] ?? '',
        cell.activation,
        cell.score
      ])
    }
  }
}

function rowName(row: { latent: number; label: string | null } | undefined): string {
  if (!row) return ''
  return row.label ? `${row.latent}  ${row.label}` : String(row.latent)
}

function tip(cell: HeatmapCell | undefined, { rows, tokens, unit }: LatentTokenHeatmapData): string {
  const row = cell && rows[cell.row]
  if (!cell || !row) return ''
  return `${escapeHtml(rowName(row))}<br>at ${cell.position}: <b>${escapeHtml(tokens[cell.position] ?? '')}</b><br>influence <b>${formatSigned(cell.score)}</b> ${escapeHtml(unit)}<br>activation ${formatSigned(cell.activation)}`
}

function summary({ rows, tokens, cells }: LatentTokenHeatmapData, unit: string): string {
  const most = cells.reduce<HeatmapCell | null>((best, cell) => (best && Math.abs(best.score) >= Math.abs(cell.score) ? best : cell), null)
  if (!most) return 'No influence at any token.'
  return `Influence of ${rows.length} latents at ${tokens.length} tokens. Strongest: ${rowName(rows[most.row])} at token ${most.position} “${tokens[most.position] ?? ''}”, ${formatSigned(most.score)} ${unit}.`
}
