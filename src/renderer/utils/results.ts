/** Results and settings of experiments as people read them, in the window and in reports alike. */
import { z } from 'zod'
import type { ExperimentField, ExperimentResult, ExperimentSettings, ResultCell, ResultTable } from '../../shared/records/experiment'
import { alignDecimals, formatNumber } from './format'
import { plainNumber } from './interventions'

/** Recipes among settings go by their names. */
const Named = z.object({ name: z.string(), interventions: z.array(z.unknown()) })
const DIGITS = 3

/** A cell in parts, so that estimates stand under each other and intervals beside them. */
export interface CellText {
  readonly value: string
  /** "0.41 to 0.58"; empty where the cell has no interval. */
  readonly interval: string
}

/** Whether a column holds numbers (and gaps) only, and is set right-aligned. */
export function isNumeric(table: ResultTable, column: number): boolean {
  return areNumbers(cellsOf(table, column))
}

/** A column's cells with `digits` significant digits; in a column of numbers the decimal points line up. */
export function columnTexts(table: ResultTable, column: number, digits = DIGITS): CellText[] {
  return cellTexts(cellsOf(table, column), digits)
}

/** Cells that stand under each other. */
export function cellTexts(cells: readonly ResultCell[], digits = DIGITS): CellText[] {
  const texts = cells.map((cell) => cellText(cell, digits))
  if (!areNumbers(cells)) return texts
  const values = alignDecimals(texts.map(({ value }) => value))
  return texts.map(({ interval }, at) => ({ value: values[at] ?? '', interval }))
}

const cellsOf = (table: ResultTable, column: number): ResultCell[] => table.rows.map((row) => row[column] ?? null)
const areNumbers = (cells: readonly ResultCell[]): boolean =>
  cells.some((cell) => cell !== null) && cells.every((cell) => typeof cell !== 'string')

/** One cell by itself. */
export function cellText(cell: ResultCell, digits = DIGITS): CellText {
  if (cell === null) return { value: '–', interval: '' }
  if (typeof cell === 'string') return { value: cell, interval: '' }
  if (typeof cell === 'number') return { value: formatNumber(cell, digits), interval: '' }
  return { value: formatNumber(cell.value, digits), interval: `${formatNumber(cell.low, digits)} to ${formatNumber(cell.high, digits)}` }
}

/** A column's heading with its unit, where the label does not end with it: "EM (%)", "K = 50 %". */
export function columnName({ label, unit }: ResultTable['columns'][number]): string {
  return unit === '' || label.endsWith(unit) ? label : `${label} (${unit})`
}

/** A table as rows of text and numbers for the clipboard; an interval becomes three columns, as in the exports. */
export function tableCells(table: ResultTable): (string | number | null)[][] {
  const wide = table.columns.map((_, at) => table.rows.some((row) => typeof row[at] === 'object' && row[at] !== null))
  const head = table.columns.flatMap((column, at) => {
    const name = columnName(column)
    return wide[at] ? [name, `${name} low`, `${name} high`] : [name]
  })
  const rows = table.rows.map((row) =>
    table.columns.flatMap((_, at): (string | number | null)[] => {
      const cell = row[at] ?? null
      if (!wide[at]) return [typeof cell === 'object' ? null : cell]
      if (typeof cell !== 'object') return [cell, null, null]
      return cell === null ? [null, null, null] : [cell.value, cell.low, cell.high]
    })
  )
  return [head, ...rows]
}

/** Names of all series of a result, each once, in their order: what colours are given out by. */
export function seriesNames({ curves }: Pick<ExperimentResult, 'curves'>): string[] {
  return [...new Set(curves.flatMap(({ series }) => series.map(({ name }) => name)))]
}

/** A value as one reads it in a list of settings. */
export function settingText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return plainNumber(value)
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(settingText).join(', ')
  const named = Named.safeParse(value)
  if (named.success) return named.data.name
  return value === null || value === undefined ? '–' : JSON.stringify(value)
}

/** Settings by the labels of their fields, in the order of the fields; what has no field goes under its key. */
export function settingRows(fields: readonly ExperimentField[], settings: ExperimentSettings): [string, string][] {
  const labelled = fields.filter(({ key }) => key in settings)
  const rest = Object.keys(settings).filter((key) => !labelled.some((field) => field.key === key))
  return [
    ...labelled.map(({ key, label }): [string, string] => [label, settingText(settings[key])]),
    ...rest.map((key): [string, string] => [key, settingText(settings[key])])
  ]
}
