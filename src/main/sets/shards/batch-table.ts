/** One batch as a table: its number, and the results. */
import { fail } from '../../../shared/errors'
import type { SetResult } from '../../../shared/records/sets'
import { cellsOf, column, specsOf, type ColumnSpec, type Table } from '../../tables'
import { RESULT_COLUMNS, resultsFrom, resultsTable } from '../results'

/** Columns of the table of a shard: `batch`, then those of results. */
export const SHARD_COLUMNS: readonly ColumnSpec[] = [...specsOf([column('batch', 'int32', [])]), ...RESULT_COLUMNS]

export function batchTable(batch: number, results: readonly SetResult[]): Table {
  const { columns, rows } = resultsTable(results)
  return { columns: [column('batch', 'int32', new Int32Array(rows).fill(batch)), ...columns], rows }
}

/** @throws TABLE_INVALID, also where the rows are of several batches */
export function batchFrom(path: string, table: Table): { batch: number; results: SetResult[] } {
  const batch = cellsOf(path, table).number('batch')
  const first = batch(0)
  for (let row = 1; row < table.rows; row++)
    if (batch(row) !== first) fail('TABLE_INVALID', { path, reason: 'one of its pieces holds several batches' })
  return { batch: first, results: resultsFrom(path, table) }
}
