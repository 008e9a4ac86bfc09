/** An experiment's result as files: each table and each curve one file, with the manifest beside them; or all of it in one JSON file. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { failToWrite } from '../tensors/files'
import { writeWhole } from '../tensors/whole-file'
import type { ExperimentManifest, ExperimentResult, ResultCell, ResultCurve, ResultTable } from '../../shared/records/experiment'
import { column, nullable, tableOf, writeTable } from './index'
import type { Column, Table } from './types'

/**
 * Writes the result. `json`: one file at `path`. `csv`, `parquet`: a folder at `path`, made if it is not there, with `{table or curve}.csv`
 * and `manifest.json`. Returns the main path and the bytes of all files. @throws DISK_FULL, FILE_UNWRITABLE
 */
export async function writeResult(
  path: string,
  format: 'csv' | 'json' | 'parquet',
  result: ExperimentResult,
  manifest: ExperimentManifest | null
): Promise<{ path: string; bytes: number }> {
  if (format === 'json') return { path, bytes: await writeText(path, { result, manifest }) }
  await mkdir(path, { recursive: true }).catch((error: unknown) => failToWrite(path, error))
  const tables = [
    ...result.tables.map((table) => ({ name: table.name, table: tableOfResult(table) })),
    ...result.curves.map((curve) => ({ name: curve.name, table: tableOfCurve(curve) }))
  ]
  for (const { name, table } of tables) await writeTable(join(path, `${name}.${format}`), format, table)
  const { sentence, prompts, notes } = result
  return { path, bytes: await writeText(join(path, 'manifest.json'), { sentence, prompts, notes, manifest }) }
}

async function writeText(path: string, value: unknown): Promise<number> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
  await writeWhole(path, [bytes])
  return bytes.length
}

/** A result's table: a column of text or numbers as it is, one of intervals as three, `{key}`, `{key}_low` and `{key}_high`. */
export function tableOfResult({ columns, rows }: ResultTable): Table {
  return tableOf(
    columns.flatMap(({ key }, at): Column[] => {
      const cells = rows.map((row) => row[at] ?? null)
      if (cells.some((cell) => typeof cell === 'string'))
        return [
          nullable(
            key,
            'string',
            cells.map((cell) => (typeof cell === 'string' ? cell : cell === null ? null : String(valueOf(cell))))
          )
        ]
      const numbers = nullable(key, 'float64', cells.map(valueOf))
      if (!cells.some((cell) => typeof cell === 'object' && cell !== null)) return [numbers]
      const bound = (side: 'low' | 'high'): Column =>
        nullable(
          `${key}_${side}`,
          'float64',
          cells.map((cell) => (typeof cell === 'object' && cell !== null ? cell[side] : null))
        )
      return [numbers, bound('low'), bound('high')]
    })
  )
}

const valueOf = (cell: ResultCell): number | null =>
  typeof cell === 'number' ? cell : typeof cell === 'object' && cell !== null ? cell.value : null

/** A curve's points, one row each. */
export function tableOfCurve({ series }: ResultCurve): Table {
  const points = series.flatMap(({ name, points: own }) => own.map((point) => ({ name, ...point })))
  return tableOf([
    column(
      'series',
      'string',
      points.map(({ name }) => name)
    ),
    column(
      'x',
      'float64',
      points.map(({ x }) => x)
    ),
    column(
      'y',
      'float64',
      points.map(({ y }) => y)
    ),
    nullable(
      'low',
      'float64',
      points.map(({ low }) => low)
    ),
    nullable(
      'high',
      'float64',
      points.map(({ high }) => high)
    )
  ])
}
