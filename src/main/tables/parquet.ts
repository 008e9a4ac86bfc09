/**
 * Tables as Parquet, compressed with snappy. Each table that is appended is a row group of its own. Nothing in the file says when it
 * was written.
 */
import { parquetMetadata, parquetRead, type FileMetaData } from 'hyparquet'
import { ByteWriter, ParquetWriter, schemaFromColumnData, type BasicType, type ColumnSource } from 'hyparquet-writer'
import { fail, WorkbenchError } from '../../shared/errors'
import { checkPages } from './parquet-pages'
import { fits } from './table'
import type { Cell, Column, ColumnSpec, ColumnType, Table, TableFormat } from './types'

const CREATED_BY = 'GradSAE Workbench'
/** More than this in one row group is refused before it is unpacked: 200 million cells are 1.6 GB. */
const MAX_CELLS = 200_000_000

const TYPES: readonly ColumnType[] = ['int32', 'float32', 'float64', 'string', 'bool']
const BASIC: Record<ColumnType, BasicType> = { int32: 'INT32', float32: 'FLOAT', float64: 'DOUBLE', string: 'STRING', bool: 'BOOLEAN' }

export const parquet: TableFormat = {
  name: 'parquet',
  encoder(columns) {
    const bytes = new ByteWriter()
    const empty = columns.map((one) => sourceOf({ ...one, values: [] }))
    const file = new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: empty }), createdBy: CREATED_BY })
    return {
      append({ columns: filled, rows }) {
        // The schema is the file's: a column that says its type again would be refused.
        if (rows > 0) void file.write({ columnData: filled.map(untyped), rowGroupSize: rows })
        return taken(bytes)
      },
      end() {
        void file.finish()
        return taken(bytes)
      }
    }
  },
  async *decode(path, bytes, columns) {
    const refuse = (reason: string): never => fail('TABLE_INVALID', { path, reason })
    // What a damaged file makes of the reader is a fault of the file.
    const guarded = async <T>(work: () => T | Promise<T>): Promise<T> => {
      try {
        return await work()
      } catch (thrown) {
        if (thrown instanceof WorkbenchError) throw thrown
        return fail('TABLE_INVALID', { path, reason: thrown instanceof Error ? thrown.message : String(thrown) }, thrown)
      }
    }
    const { metadata, specs } = await guarded(() => opened(bytes, columns, refuse))
    if (metadata.row_groups.length === 0) yield { columns: specs.map((spec) => ({ ...spec, values: [] })), rows: 0 }
    let rowStart = 0
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows)
      yield await guarded(() => piece(bytes, metadata, specs, rowStart, rowEnd, refuse))
      rowStart = rowEnd
    }
  }
}

type Refuse = (reason: string) => never

/** What the file says it is, checked as far as that goes without unpacking it. */
function opened(bytes: Uint8Array, asked: readonly ColumnSpec[] | null, refuse: Refuse): { metadata: FileMetaData; specs: ColumnSpec[] } {
  const metadata = parquetMetadata(bytes)
  const specs = specsIn(metadata, refuse)
  if (asked && JSON.stringify(asked) !== JSON.stringify(specs))
    refuse(`its columns are ${specs.map(({ name, type }) => `${name} (${type})`).join(', ')}`)
  for (const { num_rows, columns } of metadata.row_groups) {
    if (num_rows < 0n || Number(num_rows) * specs.length > MAX_CELLS) refuse(`it says to hold ${num_rows} rows in one piece`)
    if (columns.length !== specs.length) refuse(`one of its row groups has ${columns.length} columns`)
  }
  checkPages(
    metadata,
    bytes,
    specs.map(({ nullable }) => nullable),
    refuse
  )
  return { metadata, specs }
}

/** Rows from rowStart to before rowEnd. */
async function piece(
  bytes: Uint8Array,
  metadata: FileMetaData,
  specs: readonly ColumnSpec[],
  rowStart: number,
  rowEnd: number,
  refuse: Refuse
): Promise<Table> {
  const rows = rowEnd - rowStart
  const cells = new Map(specs.map(({ name }) => [name, new Array<Cell>(rows).fill(null)]))
  let outside = false
  await parquetRead({
    file: { byteLength: bytes.byteLength, slice: (start, end) => arrayBufferOf(bytes.subarray(start, end)) },
    metadata,
    rowStart,
    rowEnd,
    onChunk({ columnName, columnData, rowStart: from }) {
      const values = cells.get(columnName)
      // Nobody would hear what is thrown here.
      if (values === undefined || from < rowStart || from + columnData.length > rowEnd) outside = true
      else for (let row = 0; row < columnData.length; row++) values[from - rowStart + row] = cellFrom(columnData[row])
    }
  })
  if (outside) refuse('its row groups hold more rows than it says')
  const filled = specs.map((spec): Column => ({ ...spec, values: cells.get(spec.name) ?? [] }))
  for (const one of filled)
    for (let row = 0; row < rows; row++)
      if (!fits(one, one.values[row] ?? null)) refuse(`row ${rowStart + row + 1} of "${one.name}" is not ${one.type}`)
  return { columns: filled, rows }
}

/** The file's columns; only flat ones of the types of tables. */
function specsIn({ schema }: FileMetaData, refuse: (reason: string) => never): ColumnSpec[] {
  const [root, ...leaves] = schema
  if (root?.num_children !== leaves.length) refuse('it holds nested columns')
  if (new Set(leaves.map(({ name }) => name)).size !== leaves.length) refuse('two of its columns have one name')
  return leaves.map(({ name, type, converted_type, repetition_type, num_children }) => {
    const found = TYPES.find((own) => {
      if (own === 'string') return type === 'BYTE_ARRAY' && converted_type === 'UTF8'
      return BASIC[own] === type && converted_type === undefined
    })
    const flat = num_children === undefined && repetition_type !== 'REPEATED'
    if (found === undefined || !flat) return refuse(`its column "${name}" is ${converted_type ?? type ?? 'nested'}, which is not read`)
    return { name, type: found, nullable: repetition_type === 'OPTIONAL' }
  })
}

/** hyparquet hands out cells without a type; what is none of a table's becomes an object that fits no column. */
function cellFrom(value: unknown): Cell {
  if (value === undefined || value === null) return null
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : String(value)
}

function sourceOf(one: Column): ColumnSource {
  return { ...untyped(one), type: BASIC[one.type], nullable: one.nullable }
}

function untyped({ name, type, nullable, values }: Column): ColumnSource {
  // A dictionary would hold 0 and -0 as one.
  const plain = type === 'float32' || type === 'float64' ? { encoding: 'PLAIN' as const } : {}
  const own =
    (values instanceof Int32Array && type === 'int32') ||
    (values instanceof Float32Array && type === 'float32') ||
    (values instanceof Float64Array && type === 'float64')
  // What is typed goes as it is; the schema of a column of null needs a list.
  return { name, ...plain, data: own && !nullable ? values : Array.from(values) }
}

/** What was written since the last call. */
function taken(bytes: ByteWriter): Uint8Array {
  const part = new Uint8Array(bytes.buffer.slice(0, bytes.index))
  bytes.index = 0
  return part
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
