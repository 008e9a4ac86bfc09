/**
 * Tables as CSV: a line of names, then a line for each row, ended with CRLF (RFC 4180), in UTF-8. Null is an empty cell. Text that a
 * spreadsheet would take for a formula, or that begins with an apostrophe itself, gets a leading apostrophe, which is taken off again on
 * reading a file whose columns are known.
 */
import Papa from 'papaparse'
import { fail } from '../../shared/errors'
import { cellOf, numberText } from './numbers'
import type { Cell, ColumnSpec, TableFormat } from './types'

const FORMULA = /^[=+\-@\t\r']/
const GUARDED = /^'[=+\-@\t\r']/

export const csv: TableFormat = {
  name: 'csv',
  encoder(columns) {
    const header = line(columns.map(({ name }) => quoted(guarded(name))))
    let begun = false
    const begin = (): string => (begun ? '' : header)
    return {
      append({ columns: filled, rows }) {
        const lines = [begin()]
        begun = true
        for (let row = 0; row < rows; row++) lines.push(line(filled.map((one) => cellText(one, one.values[row] ?? null))))
        return Buffer.from(lines.join(''))
      },
      end: () => Buffer.from(begin())
    }
  },
  async *decode(path, bytes, columns) {
    const refuse = (reason: string): never => fail('TABLE_INVALID', { path, reason })
    const lines = parseCsv(utf8(bytes) ?? refuse('it is not UTF-8'), (at, reason) => refuse(`line ${at}: ${reason}`))
    const names = lines.shift()?.cells.map((name) => (columns ? unguarded(name) : name)) ?? refuse('it is empty')
    const specs = columns ?? names.map((name) => ({ name, type: 'string' as const, nullable: true }))
    if (names.join('\n') !== specs.map(({ name }) => name).join('\n')) refuse(`its columns are ${names.join(', ')}`)
    const cells: Cell[][] = specs.map(() => [])
    for (const { at, cells: row } of lines) {
      if (row.length !== specs.length) refuse(`line ${at} has ${row.length} cells, not ${specs.length}`)
      specs.forEach((spec, index) => {
        const text = row[index] ?? ''
        const cell = cellOf(spec, columns && spec.type === 'string' ? unguarded(text) : text)
        cells[index]?.push(cell === undefined ? refuse(`line ${at}: "${text}" in "${spec.name}" is not ${spec.type}`) : cell)
      })
    }
    yield { columns: specs.map((spec, index) => ({ ...spec, values: cells[index] ?? [] })), rows: lines.length }
  }
}

/** A row of a CSV file and the line it begins at, from 1. */
export interface CsvRow {
  readonly at: number
  readonly cells: string[]
}

/** Every row that is not blank. Line breaks within quotes belong to their cell. @throws what `refuse` throws, for quotes out of place */
export function parseCsv(text: string, refuse: (line: number, reason: string) => never, delimiter = ','): CsvRow[] {
  const parsed = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), { delimiter, skipEmptyLines: false })
  const rows: CsvRow[] = []
  let at = 1
  const broken = new Map(parsed.errors.map((error) => [error.row ?? 0, error.message]))
  parsed.data.forEach((cells, index) => {
    const reason = broken.get(index)
    if (reason !== undefined) refuse(at, reason.toLowerCase())
    const begins = at
    at += 1 + cells.reduce((breaks, cell) => breaks + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0)
    if (cells.length > 1 || (cells[0] ?? '').trim() !== '') rows.push({ at: begins, cells })
  })
  return rows
}

/** Bytes as text, or null where they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function cellText({ type }: ColumnSpec, cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return numberText(cell, type === 'int32' || type === 'float32' ? type : 'float64')
  return typeof cell === 'string' ? quoted(guarded(cell)) : String(cell)
}

function guarded(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

function unguarded(text: string): string {
  return GUARDED.test(text) ? text.slice(1) : text
}

/** In quotes where it must be: also with spaces at its ends, which some readers drop, and when empty, unlike null. */
function quoted(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}

function line(cells: readonly string[]): string {
  return `${cells.join(',')}\r\n`
}
