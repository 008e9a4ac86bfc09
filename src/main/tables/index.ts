/** Tables to and from files. The same table is the same bytes, whenever and wherever it is written. */
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { assert, fail } from '../../shared/errors'
import { checkFile, failToRead } from '../tensors/files'
import { writeWhole } from '../tensors/whole-file'
import { csv } from './csv'
import { jsonl } from './jsonl'
import { parquet } from './parquet'
import { specsOf } from './table'
import type { ColumnSpec, Table, TableFormat } from './types'

export { cellsOf, column, nullable, specsOf, tableOf, type Cells } from './table'
export type { Cell, Column, ColumnSpec, ColumnType, Table } from './types'

/** Every format. */
export const tableFormats: readonly TableFormat[] = [parquet, csv, jsonl]

export type TableFormatName = TableFormat['name']

/** Larger files are refused: they would not fit in memory once they are tables. */
const MAX_BYTES = 2 ** 31

/** The format a file's name ends with. @throws TABLE_FORMAT_UNKNOWN */
export function formatOf(path: string): TableFormatName {
  const ending = extname(path).slice(1).toLowerCase()
  const found = tableFormats.find(({ name }) => name === ending)
  return found?.name ?? fail('TABLE_FORMAT_UNKNOWN', { path, supported: tableFormats.map(({ name }) => `.${name}`).join(', ') })
}

/** A table as the bytes of a file. */
export function tableBytes(format: TableFormatName, table: Table): Uint8Array {
  const encoder = of(format).encoder(specsOf(table.columns))
  return Buffer.concat([encoder.append(table), encoder.end()])
}

/** Writes a table so that a reader finds the old or the new file, never half of one. @throws DISK_FULL, FILE_UNWRITABLE */
export async function writeTable(path: string, format: TableFormatName, table: Table): Promise<void> {
  await writeTables(path, format, specsOf(table.columns), [table])
}

/**
 * Writes one table that comes in pieces, all of the columns `columns`. Parquet makes a row group of each piece, so equal files need
 * equal pieces. @throws DISK_FULL, FILE_UNWRITABLE, what `pieces` throws
 */
export async function writeTables(
  path: string,
  format: TableFormatName,
  columns: readonly ColumnSpec[],
  pieces: Iterable<Table> | AsyncIterable<Table>
): Promise<void> {
  await writeWhole(path, encoded(format, columns, pieces))
}

async function* encoded(
  format: TableFormatName,
  columns: readonly ColumnSpec[],
  pieces: Iterable<Table> | AsyncIterable<Table>
): AsyncGenerator<Uint8Array> {
  const encoder = of(format).encoder(columns)
  for await (const piece of pieces) yield encoder.append(piece)
  yield encoder.end()
}

/**
 * Reads a table. `columns`: how it was written, which CSV does not say itself and every file is checked against.
 * @throws FILE_MISSING, FILE_UNREADABLE, TABLE_INVALID
 */
export async function readTable(path: string, format: TableFormatName, columns: readonly ColumnSpec[] | null = null): Promise<Table> {
  return joined(readTables(path, format, columns))
}

/**
 * The pieces a table was written in, one after the other, for tables larger than memory; of CSV and JSONL the whole table.
 * @throws FILE_MISSING, FILE_UNREADABLE, TABLE_INVALID
 */
export async function* readTables(
  path: string,
  format: TableFormatName,
  columns: readonly ColumnSpec[] | null = null
): AsyncGenerator<Table> {
  await checkFile(path, MAX_BYTES)
  const bytes = await readFile(path).catch((error: unknown) => failToRead(path, error))
  yield* of(format).decode(path, bytes, columns)
}

/** A table from the bytes of a file; `path` is for the text of refusals. @throws TABLE_INVALID */
export function tableFrom(
  path: string,
  format: TableFormatName,
  bytes: Uint8Array,
  columns: readonly ColumnSpec[] | null = null
): Promise<Table> {
  return joined(of(format).decode(path, bytes, columns))
}

/** Pieces of the same columns as one table. */
async function joined(pieces: AsyncIterable<Table>): Promise<Table> {
  const all: Table[] = []
  for await (const piece of pieces) all.push(piece)
  const [first, ...rest] = all
  assert(first, 'a file has one piece at least')
  if (rest.length === 0) return first
  return {
    columns: first.columns.map((one, at) => ({ ...one, values: all.flatMap(({ columns: own }) => Array.from(own[at]?.values ?? [])) })),
    rows: all.reduce((sum, { rows }) => sum + rows, 0)
  }
}

function of(name: TableFormatName): TableFormat {
  return tableFormats.find((format) => format.name === name) ?? parquet
}
