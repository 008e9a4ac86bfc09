/** Tables as columns: what is exported, and what command lines on several machines hand to each other. */

/** What a column holds. Whole numbers are 32 bits: counts, indices and ids of latents and tokens fit. */
export type ColumnType = 'int32' | 'float32' | 'float64' | 'string' | 'bool'

export type Cell = number | string | boolean | null

/** A column without its values. `nullable` says whether a cell may be null. */
export interface ColumnSpec {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
}

export interface Column extends ColumnSpec {
  readonly values: ArrayLike<Cell>
}

/** Columns of equal length, in the order in which they are written. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: number
}

/** A way of writing tables: one file under tables/, one line in its index. */
export interface TableFormat {
  readonly name: 'parquet' | 'csv' | 'jsonl'
  /** Begins a file whose tables all have these columns. */
  encoder(columns: readonly ColumnSpec[]): TableEncoder
  /**
   * The tables of a whole file, piece by piece; no more of them than one are in memory. `columns` says how cells are read where the format does not say it itself (CSV, JSONL), and is checked against what
   * the file says where it does (Parquet); null takes the file's own columns: strings of CSV, what is found of JSONL.
   * @throws TABLE_INVALID
   */
  decode(path: string, bytes: Uint8Array, columns: readonly ColumnSpec[] | null): AsyncIterable<Table>
}

/** Turns tables into the bytes of one file, piece by piece. Same tables in the same pieces, same bytes. */
export interface TableEncoder {
  append(table: Table): Uint8Array
  end(): Uint8Array
}
