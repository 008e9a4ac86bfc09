/** Making tables and looking into them. */
import { assert, fail } from '../../shared/errors'
import type { Cell, Column, ColumnSpec, ColumnType, Table } from './types'

/** A column whose cells are never null. */
export function column(name: string, type: ColumnType, values: ArrayLike<Cell>): Column {
  return { name, type, nullable: false, values }
}

/** A column some of whose cells may be null. */
export function nullable(name: string, type: ColumnType, values: ArrayLike<Cell>): Column {
  return { name, type, nullable: true, values }
}

/** A table of columns that are equally long, have different names, and hold what they say they hold. */
export function tableOf(columns: readonly Column[]): Table {
  const rows = columns[0]?.values.length ?? 0
  assert(new Set(columns.map(({ name }) => name)).size === columns.length, 'columns of a table have different names')
  for (const one of columns) {
    assert(one.values.length === rows, `the column ${one.name} is as long as the others`)
    for (let row = 0; row < rows; row++) assert(fits(one, one.values[row] ?? null), `${one.name}[${row}] is ${one.type}`)
  }
  return { columns, rows }
}

/** Whether a column may hold a value. */
export function fits({ type, nullable: mayBeNull }: ColumnSpec, cell: Cell): boolean {
  if (cell === null) return mayBeNull
  if (type === 'string') return typeof cell === 'string'
  if (type === 'bool') return typeof cell === 'boolean'
  if (typeof cell !== 'number') return false
  return type !== 'int32' || (cell | 0) === cell
}

/** Columns without their values. */
export function specsOf(columns: readonly Column[]): ColumnSpec[] {
  return columns.map(({ name, type, nullable: mayBeNull }) => ({ name, type, nullable: mayBeNull }))
}

/** Readers of the cells of one column, by its type. @throws TABLE_INVALID where the table has no such column */
export interface Cells {
  number(name: string): (row: number) => number
  text(name: string): (row: number) => string
  bool(name: string): (row: number) => boolean
  boolOrNull(name: string): (row: number) => boolean | null
  textOrNull(name: string): (row: number) => string | null
  numberOrNull(name: string): (row: number) => number | null
}

/** Cells of a table that came from the file `path`, read by the names of its columns. */
export function cellsOf(path: string, { columns }: Table): Cells {
  const byName = new Map(columns.map((one) => [one.name, one.values]))
  function reader<T extends Cell>(name: string, is: (cell: Cell) => cell is T): (row: number) => T {
    const values = byName.get(name) ?? fail('TABLE_INVALID', { path, reason: `it has no column "${name}"` })
    return (row) => {
      const cell = values[row] ?? null
      return is(cell) ? cell : fail('TABLE_INVALID', { path, reason: `row ${row + 1} of "${name}" is ${JSON.stringify(cell)}` })
    }
  }
  return {
    number: (name) => reader(name, isNumber),
    text: (name) => reader(name, isText),
    bool: (name) => reader(name, isBool),
    boolOrNull: (name) => reader(name, (cell): cell is boolean | null => cell === null || isBool(cell)),
    textOrNull: (name) => reader(name, (cell): cell is string | null => cell === null || isText(cell)),
    numberOrNull: (name) => reader(name, (cell): cell is number | null => cell === null || isNumber(cell))
  }
}

function isNumber(cell: Cell): cell is number {
  return typeof cell === 'number'
}

function isBool(cell: Cell): cell is boolean {
  return typeof cell === 'boolean'
}

function isText(cell: Cell): cell is string {
  return typeof cell === 'string'
}
