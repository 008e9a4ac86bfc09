/**
 * Tables as JSON lines: one object for each row, its keys in the order of the columns. Numbers that JSON does not have are the strings
 * "NaN", "Infinity" and "-Infinity".
 */
import { fail } from '../../shared/errors'
import { excessOf, isObject } from '../tensors/json'
import { utf8 } from './csv'
import { cellOf, numberText } from './numbers'
import { fits } from './table'
import type { Cell, Column, ColumnSpec, ColumnType, TableFormat } from './types'

export const jsonl: TableFormat = {
  name: 'jsonl',
  encoder() {
    return {
      append({ columns, rows }) {
        const lines: string[] = []
        const keys = columns.map(({ name }) => JSON.stringify(name))
        for (let row = 0; row < rows; row++)
          lines.push(`{${columns.map((one, index) => `${keys[index]}:${cellText(one, one.values[row] ?? null)}`).join(',')}}\n`)
        return Buffer.from(lines.join(''))
      },
      end: () => Buffer.alloc(0)
    }
  },
  async *decode(path, bytes, columns) {
    const refuse = (reason: string): never => fail('TABLE_INVALID', { path, reason })
    const rows = parseJsonl(utf8(bytes) ?? refuse('it is not UTF-8'), (at, reason) => refuse(`line ${at}: ${reason}`))
    const found = columns ?? inferred(rows.map(({ value }) => value))
    const filled = found.map((spec): Column => {
      const values = rows.map(({ at, value }) => {
        const cell = cellIn(spec, value[spec.name])
        return cell === undefined ? refuse(`line ${at}: "${spec.name}" is not ${spec.type}`) : cell
      })
      return { ...spec, values }
    })
    yield { columns: filled, rows: rows.length }
  }
}

/** An object of a JSONL file and its line, from 1. */
export interface JsonRow {
  readonly at: number
  readonly value: Record<string, unknown>
}

/** The object of every line that is not blank. @throws what `refuse` throws, for lines that hold none */
export function parseJsonl(text: string, refuse: (line: number, reason: string) => never): JsonRow[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return []
      const excess = excessOf(line)
      if (excess !== null) refuse(index + 1, excess)
      const value = parsed(line)
      return isObject(value) ? [{ at: index + 1, value }] : refuse(index + 1, 'it does not hold a JSON object')
    })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function cellText({ type }: ColumnSpec, cell: Cell): string {
  if (typeof cell !== 'number') return JSON.stringify(cell)
  const text = numberText(cell, type === 'int32' || type === 'float32' ? type : 'float64')
  return Number.isFinite(cell) ? text : `"${text}"`
}

/** The cell a JSON value stands for; undefined where the column cannot hold it. */
function cellIn(spec: ColumnSpec, value: unknown): Cell | undefined {
  if (value === undefined || value === null) return spec.nullable ? null : undefined
  if (typeof value === 'string' && spec.type !== 'string') return value === '' ? undefined : cellOf(spec, value)
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const cell = typeof value === 'number' && spec.type === 'float32' ? Math.fround(value) : value
  return fits(spec, cell) ? cell : undefined
}

/** Columns as the rows have them: numbers are float64, columns of several kinds, lists and objects are refused as not string. */
function inferred(rows: readonly Record<string, unknown>[]): ColumnSpec[] {
  const types = new Map<string, ColumnType>()
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) {
      const type = typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : 'string'
      if (value !== null) types.set(name, types.get(name) === undefined || types.get(name) === type ? type : 'string')
      else if (!types.has(name)) types.set(name, 'string')
    }
  return [...types].map(([name, type]) => ({ name, type, nullable: true }))
}
