import { toTsv } from './clipboard'

/** The keys from index `from` to index `to`, both included, in either direction. */
export function rangeBetween<Key>(keys: readonly Key[], from: number, to: number): Key[] {
  return keys.slice(Math.min(from, to), Math.max(from, to) + 1)
}

/** Rows with a header line as tab-separated values, numbers in full precision. */
export function rowsAsTsv<Row>(
  columns: readonly { header: string; value: (row: Row) => number | string | null }[],
  rows: readonly Row[]
): string {
  return toTsv([columns.map((column) => column.header), ...rows.map((row) => columns.map((column) => column.value(row)))])
}
