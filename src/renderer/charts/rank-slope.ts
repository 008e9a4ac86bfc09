/** Ranks of the same latents in two or more rankings, as lines from one to the next: steep lines changed place. */
import type { AlignedLatent } from '../utils/ranking-comparison'
import type { ChartView } from './chart'
import { baseOption, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface RankSlope {
  rankings: readonly string[]
  rows: readonly AlignedLatent[]
  labels: ReadonlyMap<number, string>
  /** Latents in the top `depth` of at least one ranking are drawn. */
  depth: number
  selected: number | null
}

export function rankSlope({ rankings, rows, labels, depth, selected }: RankSlope, theme: ChartTheme): ChartView {
  const shown = rows.filter(({ bestRank }) => bestRank <= depth)
  const last = rankings.length - 1
  return {
    option: {
      ...baseOption(theme),
      grid: { left: 112, right: 112, top: 28, bottom: 16 },
      title: {
        text: `below ${depth}, or not active`,
        left: 'center',
        bottom: 0,
        textStyle: { color: theme.textSoft, fontSize: 10, fontWeight: 'normal' }
      },
      tooltip: {
        ...tooltipStyle(theme),
        trigger: 'item',
        formatter: (mark: unknown) => tooltip(shown[seriesIndex(mark)], rankings, labels)
      },
      xAxis: {
        type: 'category',
        position: 'top',
        boundaryGap: false,
        data: rankings.map((name, index) => `${index + 1} ${name}`),
        axisTick: { show: false },
        axisLine: { show: false, onZero: false },
        axisLabel: { color: theme.text, fontSize: 11, interval: 0, width: 130, overflow: 'truncate' },
        splitLine: { show: true, lineStyle: { color: theme.line } }
      },
      yAxis: {
        type: 'value',
        inverse: true,
        min: 0.5,
        max: depth + 1.5,
        show: false
      },
      series: shown.map((row) => slope(row, last, labels, depth, selected, theme))
    },
    summary: summarise(shown, rankings, depth),
    table: {
      columns: ['latent', 'label', ...rankings.map((name) => `rank in ${name}`), 'change'],
      rows: shown.map(({ latent, cells, change }) => [
        latent,
        labels.get(latent) ?? null,
        ...cells.map((cell) => cell?.rank ?? null),
        change
      ])
    }
  }
}

/** Where a cell is drawn: its rank, or one row below the last for what is deeper or missing. */
function place(cell: AlignedLatent['cells'][number], depth: number): number {
  return cell && cell.rank <= depth ? cell.rank : depth + 1
}

function slope(
  row: AlignedLatent,
  last: number,
  labels: ReadonlyMap<number, string>,
  depth: number,
  selected: number | null,
  theme: ChartTheme
): Record<string, unknown> {
  const chosen = row.latent === selected
  const moved = place(row.cells[0] ?? null, depth) - place(row.cells[last] ?? null, depth)
  const colour = chosen ? theme.accent : moved > 0 ? theme.diverging[4] : moved < 0 ? theme.diverging[0] : theme.textSoft
  const missing = row.cells.some((cell) => cell === null)
  // Lines to what is below the depth all meet in one point; faint, they do not hide the others.
  const leaves = row.cells.some((cell) => place(cell, depth) > depth)
  return {
    type: 'line',
    name: String(row.latent),
    data: row.cells.map((cell, index) => ({
      value: [index, place(cell, depth)],
      symbol: cell && cell.rank <= depth ? 'circle' : 'emptyCircle',
      label: endLabel(row, cell, index, last, labels, depth, chosen, theme)
    })),
    symbolSize: chosen ? 8 : 5,
    lineStyle: {
      color: colour,
      width: chosen ? 2.5 : 1.25,
      type: missing ? [4, 3] : 'solid',
      opacity: chosen ? 1 : leaves ? 0.3 : selected === null ? 1 : 0.45
    },
    itemStyle: { color: colour },
    triggerEvent: true,
    emphasis: { lineStyle: { width: 2.5 } },
    z: chosen ? 5 : 3
  }
}

function endLabel(
  row: AlignedLatent,
  cell: AlignedLatent['cells'][number],
  index: number,
  last: number,
  labels: ReadonlyMap<number, string>,
  depth: number,
  chosen: boolean,
  theme: ChartTheme
): Record<string, unknown> {
  if ((index !== 0 && index !== last) || !cell || cell.rank > depth) return { show: false }
  const label = labels.get(row.latent)
  const name = `${row.latent}${label ? ` ${label}` : ''}`
  return {
    show: true,
    position: index === 0 ? 'left' : 'right',
    formatter: index === 0 ? `${name}  ${cell.rank}` : `${cell.rank}  ${name}`,
    width: 100,
    overflow: 'truncate',
    color: chosen ? theme.accent : theme.textSoft,
    fontWeight: chosen ? 'bold' : 'normal',
    fontSize: 10
  }
}

function tooltip(row: AlignedLatent | undefined, rankings: readonly string[], labels: ReadonlyMap<number, string>): string {
  if (!row) return ''
  const label = labels.get(row.latent)
  const lines = row.cells.map(
    (cell, index) => `${index + 1} ${escapeHtml(rankings[index] ?? '')}: ${cell ? `rank ${cell.rank}` : 'not active'}`
  )
  return `<b>latent ${row.latent}</b>${label ? ` ${escapeHtml(label)}` : ''}<br>${lines.join('<br>')}`
}

function seriesIndex(mark: unknown): number {
  return typeof mark === 'object' && mark !== null && 'seriesIndex' in mark && typeof mark.seriesIndex === 'number' ? mark.seriesIndex : -1
}

function summarise(rows: readonly AlignedLatent[], rankings: readonly string[], depth: number): string {
  const rose = rows.filter(({ change }) => change !== null && change > 0).length
  const fell = rows.filter(({ change }) => change !== null && change < 0).length
  const same = rows.filter(({ change }) => change === 0).length
  const missing = rows.length - rose - fell - same
  return (
    `Ranks of the ${rows.length} latents in the top ${depth} of ${rankings.join(', ')}. ` +
    `From the first to the last ${rose} rose, ${fell} fell, ${same} stayed, ${missing} are not active in one of the two.`
  )
}
