import type { EChartsOption } from 'echarts'

/** What every chart builder returns: the picture, the same in one sentence, and the same as a table. */
export interface ChartView {
  option: EChartsOption
  /** For screen readers and empty canvases: what the chart shows, with its main numbers. */
  summary: string
  table: { columns: string[]; rows: (string | number | null)[][] }
}

/** The latent a clicked mark stands for, when its data carries one: as `latent`, or third in a crowd's [x, y, latent]. */
export function markLatent(data: unknown): number | null {
  if (Array.isArray(data)) return typeof data[2] === 'number' ? data[2] : null
  return numberField(data, 'latent')
}

/** The token position a clicked mark stands for, when its data carries one. */
export function markPosition(data: unknown): number | null {
  return numberField(data, 'position')
}

/** Index of the mark a tooltip is asked for; -1 when it is none. */
export function dataIndex(point: unknown): number {
  return numberField(point, 'dataIndex') ?? -1
}

function numberField(data: unknown, field: string): number | null {
  if (typeof data !== 'object' || data === null || !(field in data)) return null
  const value: unknown = Reflect.get(data, field)
  return typeof value === 'number' ? value : null
}
