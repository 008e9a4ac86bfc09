/**
 * The best latents of every layer side by side: columns are layers in the order of the forward pass, rows are ranks. Colour and the bar
 * at the foot of a cell show the score on one scale for all layers, so that layers can be compared.
 */
import { formatShare, formatSigned } from '../utils/format'
import { dataIndex, type ChartView } from './chart'
import { axisStyle, baseOption, divergingColour, escapeHtml, tooltipStyle, type ChartTheme } from './theme'

export interface LayerColumn {
  /** Short, as the axis shows it: "3 resid_post". */
  readonly name: string
  readonly hook: string
  readonly sae: string
  /** Of the sum of |score| over all layers, 0 to 1. */
  readonly share: number
  /** Best first. */
  readonly latents: readonly {
    readonly latent: number
    readonly label: string | null
    readonly score: number
    readonly maxActivation: number
  }[]
}

export interface LayerLatentsData {
  readonly layers: readonly LayerColumn[]
  /** How many latents of each layer are drawn. */
  readonly count: number
  readonly selected: { readonly layer: number; readonly latent: number } | null
  readonly unit: string
}

interface Cell {
  readonly layer: number
  readonly rank: number
}

/** Below these widths in px, cells hold no label, and no number either. */
const LABEL_WIDTH = 84
const NUMBER_WIDTH = 26
const BAR = 3
/** Height of the columns' heads. */
const HEAD = 36

export function layerLatents(data: LayerLatentsData, theme: ChartTheme): ChartView {
  const { layers, count, selected, unit } = data
  const base = baseOption(theme)
  const { fontFamily } = base.textStyle
  const cells: Cell[] = layers.flatMap(({ latents }, layer) => latents.slice(0, count).map((_, rank) => ({ layer, rank })))
  const limit = Math.max(...layers.flatMap(({ latents }) => latents.slice(0, count).map(({ score }) => Math.abs(score))), 1e-30)
  const rows = Math.max(1, ...layers.map(({ latents }) => Math.min(count, latents.length)))
  return {
    option: {
      ...base,
      grid: { left: 30, right: 10, top: HEAD, bottom: 6, containLabel: false, outerBoundsMode: 'none' },
      xAxis: {
        ...axisStyle(theme, ''),
        type: 'category',
        position: 'top',
        data: layers.map((_, at) => String(at)),
        axisLabel: { show: false },
        splitLine: { show: false }
      },
      yAxis: {
        ...axisStyle(theme, ''),
        type: 'category',
        inverse: true,
        data: Array.from({ length: rows }, (_, rank) => String(rank + 1)),
        splitLine: { show: false }
      },
      tooltip: { ...tooltipStyle(theme), trigger: 'item', formatter: (point: unknown) => tip(cells[dataIndex(point)], data) },
      series: [
        {
          type: 'custom',
          clip: true,
          encode: { x: 0, y: 1 },
          data: cells.map(({ layer, rank }) => {
            const latent = layers[layer]?.latents[rank]
            return { value: [layer, rank, latent?.score ?? 0], layer, latent: latent?.latent }
          }),
          renderItem: (params, api) => {
            const cell = cells[params.dataIndex]
            const latent = cell && layers[cell.layer]?.latents[cell.rank]
            if (!cell || !latent) return null
            const [x = 0, y = 0] = api.coord([cell.layer, cell.rank])
            const size = api.size?.([1, 1])
            const [width = 0, height = 0] = Array.isArray(size) ? size : []
            return drawn({ x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2 }, latent, {
              limit,
              chosen: selected?.layer === cell.layer && selected.latent === latent.latent,
              fontFamily,
              theme
            })
          }
        },
        {
          // Heads of the columns: as part of the plot they know how wide a column is.
          type: 'custom',
          clip: false,
          encode: { x: 0, y: 1 },
          tooltip: { show: false },
          data: layers.map((_, layer) => ({ value: [layer, 0], layer })),
          renderItem: (params, api) => {
            const column = layers[params.dataIndex]
            const [x = 0, y = 0] = api.coord([params.dataIndex, 0])
            const size = api.size?.([1, 1])
            const [width = 0, height = 0] = Array.isArray(size) ? size : []
            if (!column || width < NUMBER_WIDTH) return null
            return head(column, { x, y: y - height / 2 - HEAD, width }, params.dataIndex === selected?.layer, fontFamily, theme)
          }
        }
      ]
    },
    summary: summary(data),
    table: {
      columns: ['layer', 'SAE', 'rank', 'latent', 'label', `score (${unit})`],
      rows: cells.map(({ layer, rank }) => {
        const column = layers[layer]
        const latent = column?.latents[rank]
        return [column?.hook ?? '', column?.sae ?? '', rank + 1, latent?.latent ?? null, latent?.label ?? null, latent?.score ?? null]
      })
    }
  }
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Name and share of a column, centred on x. */
function head({ name, share }: LayerColumn, { x, y, width }: Omit<Box, 'height'>, chosen: boolean, fontFamily: string, theme: ChartTheme) {
  const text = (words: string, at: number) => ({
    type: 'text' as const,
    x,
    y: y + at,
    style: {
      text: words,
      fill: chosen ? theme.accent : theme.textSoft,
      fontFamily,
      fontSize: 10.5,
      align: 'center' as const,
      overflow: 'truncate' as const,
      width: width - 4
    }
  })
  return { type: 'group' as const, children: [text(name, 3), text(formatShare(share, 2), 18)] }
}

/** One cell: soft colour behind the text, and a bar whose length is the score's size. */
function drawn(
  { x, y, width, height }: Box,
  { latent, label, score }: LayerColumn['latents'][number],
  { limit, chosen, fontFamily, theme }: { limit: number; chosen: boolean; fontFamily: string; theme: ChartTheme }
) {
  const text = width >= LABEL_WIDTH && label ? `${latent}  ${label}` : width >= NUMBER_WIDTH ? String(latent) : ''
  const length = (Math.abs(score) / limit) * width
  const bar = Math.min(BAR, height / 4)
  return {
    type: 'group' as const,
    children: [
      {
        type: 'rect' as const,
        shape: { x, y, width, height },
        style: {
          fill: divergingColour(theme.divergingSoft, score, limit),
          stroke: chosen ? theme.accent : theme.grid,
          lineWidth: chosen ? 2 : 1
        }
      },
      {
        type: 'rect' as const,
        silent: true,
        shape: { x, y: y + height - bar, width: length, height: bar },
        style: { fill: score < 0 ? theme.diverging[0] : theme.diverging[4] }
      },
      ...(height < 11
        ? []
        : [
            {
              type: 'text' as const,
              silent: true,
              x: x + 4,
              y: y + (height - bar) / 2,
              style: {
                text,
                fill: theme.text,
                fontSize: 10.5,
                fontFamily,
                fontWeight: chosen ? ('bold' as const) : ('normal' as const),
                verticalAlign: 'middle' as const,
                overflow: 'truncate' as const,
                width: Math.max(0, width - 6)
              }
            }
          ])
    ]
  }
}

function tip(cell: Cell | undefined, { layers, unit }: LayerLatentsData): string {
  const column = cell && layers[cell.layer]
  const latent = column?.latents[cell?.rank ?? -1]
  if (!column || !latent || !cell) return ''
  const label = latent.label === null ? '' : `<br>${escapeHtml(latent.label)}`
  return `<b>${latent.latent}</b>, #${cell.rank + 1} at ${escapeHtml(column.hook)}${label}<br>score <b>${formatSigned(latent.score)}</b> ${escapeHtml(unit)}<br>activation at most ${formatSigned(latent.maxActivation)}<br><span style="opacity:.7">${escapeHtml(column.sae)}</span>`
}

function summary({ layers, unit }: LayerLatentsData): string {
  const all = layers.flatMap((column) => column.latents.map((latent) => ({ ...latent, column })))
  const most = all.reduce<(typeof all)[number] | null>(
    (best, each) => (best && Math.abs(best.score) >= Math.abs(each.score) ? best : each),
    null
  )
  const widest = layers.reduce<LayerColumn | null>((best, each) => (best && best.share >= each.share ? best : each), null)
  if (!most || !widest) return 'No latent is active in any layer.'
  const label = most.label === null ? '' : ` (${most.label})`
  return `The best latents of ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}. Strongest: latent ${most.latent}${label} at ${most.column.hook}, ${formatSigned(most.score)} ${unit}. ${widest.hook} holds ${formatShare(widest.share)} of all |score|.`
}
