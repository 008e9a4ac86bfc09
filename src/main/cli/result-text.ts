/** An experiment's result as a person reads it in a terminal. */
import type { ExperimentResult, ResultCell } from '../../shared/records/experiment'
import { digits, table } from './print'

/** Sentence, tables and notes. */
export function resultText({ sentence, tables, notes }: ExperimentResult): string {
  const parts = tables.map(({ title, columns, rows, note }) => {
    const heads = columns.map(({ label, unit }, at) => {
      const isText = rows.some((row) => typeof row[at] === 'string')
      return `${unit === '' ? label : `${label} (${unit})`}${isText ? '' : '>'}`
    })
    const body = table(
      heads,
      rows.map((row) => row.map(cellText))
    )
    return [title, body, ...(note === '' ? [] : [note])].join('\n')
  })
  return [sentence, ...parts, notes.map((note) => `note: ${note}`).join('\n')].filter((part) => part !== '').join('\n\n')
}

function cellText(cell: ResultCell): string {
  if (cell === null) return '-'
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number') return Number.isInteger(cell) ? String(cell) : digits(cell, 3)
  return `${digits(cell.value, 3)} [${digits(cell.low, 3)}, ${digits(cell.high, 3)}]`
}
