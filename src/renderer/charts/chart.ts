import type { EChartsOption } from 'echarts'

/** What every chart builder returns: the picture, the same in one sentence, and the same as a table. */
export interface ChartView {
  option: EChartsOption
  /** For screen readers and empty canvases: what the chart shows, with its main numbers. */
  summary: string
  table: { columns: string[]; rows: (string | number | null)[][] }
}
