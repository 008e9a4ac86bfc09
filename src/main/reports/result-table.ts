/** Tables and curves of a result in a report, with the window's own numbers and charts. */
import { intervalCurves } from '../../renderer/charts/interval-curves'
import { plural } from '../../renderer/utils/format'
import { columnName, columnTexts, isNumeric, seriesNames } from '../../renderer/utils/results'
import type { ExperimentResult, ResultTable } from '../../shared/records/experiment'
import { html, type Html } from './html'
import { table } from './parts'
import type { Draw } from './report'

/** Rows that are read; a sweep may have thousands of texts. */
const MOST_ROWS = 100
const CHART = { width: 460, height: 320 }

/** A table of a result: estimates lined up, their intervals below them. */
export function resultTable(given: ResultTable): Html {
  const columns = given.columns.map((column, at) => ({ name: columnName(column), numeric: isNumeric(given, at) }))
  const texts = given.columns.map((_, at) => columnTexts(given, at))
  const rows = given.rows.slice(0, MOST_ROWS).map((_, row) =>
    texts.map((column) => {
      const { value = '', interval = '' } = column[row] ?? {}
      return interval === '' ? value : html`${value}<br /><span class="soft">${interval}</span>`
    })
  )
  const more = given.rows.length - rows.length
  return html`${table(given.title, columns, rows)}${
    more > 0
      ? html`<p class="soft">${plural(more, 'more row')}: in the report as CSV or JSON, and in the experiment’s own export.</p>`
      : null
  }${given.note === '' ? null : html`<p class="soft">${given.note}</p>`}`
}

/** The curves of a result as figures, their colours shared. */
export function resultCurves(result: ExperimentResult, draw: Draw): Html | null {
  if (result.curves.length === 0) return null
  const names = seriesNames(result)
  return html`<div class="charts">
    ${result.curves.map((curve) =>
      draw({ ...CHART, title: curve.title, chart: (theme) => intervalCurves({ curve, names, width: CHART.width - 40 }, theme) })
    )}
  </div>`
}
