/** An experiment's result as files: each table and each curve one file, with the manifest beside them; or all of it in one JSON file. */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { failToWrite } from '../tensors/files'
import { writeWhole } from '../tensors/whole-file'
import type { ExperimentManifest, ExperimentResult, ResultCell, ResultCurve, ResultTable } from '../../shared/records/experiment'
import { column, nullable, tableOf, writeTable } from './index'
import type { Column, Table } from './types'

/**
 * Writes the result. `json`: one file at `path` with result and manifest. `csv`, `parquet`: a folder at `path`, made if it is not there,
 * with a file for each table and curve, `manifest.json` and `result.json`: what `experiment --rerun` repeats. Returns the main path and
 * the bytes of all files. @throws DISK_FULL, FILE_UNWRITABLE
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
  const names = distinct(tables.map(({ name }) => fileName(name)))
  let bytes = 0
  for (const [at, { table }] of tables.entries()) {
    const file = join(path, `${names[at] ?? at}.${format}`)
    await writeTable(file, format, table)
    bytes += (await stat(file)).size
  }
  if (manifest !== null) bytes += await writeText(join(path, 'manifest.json'), manifest)
  return { path, bytes: bytes + (await writeText(join(path, 'result.json'), result)) }
}

/** Projects come from others, and what a table is called in one must not say where a file goes: letters, digits, _ and - are left. */
function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_-]+/gu, '-').slice(0, 100) || 'table'
}

/** Names that occur again, in any case, get a number. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let [own, again] = [name, 1]
    while (taken.has(own.toLowerCase())) own = `${name}-${++again}`
    taken.add(own.toLowerCase())
    return own
  })
}

async function writeText(path: string, value: unknown): Promise<number> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
  await writeWhole(path, [bytes])
  return bytes.length
}

/**
 * A result's table: a column of text or numbers as it is (numbers among text as text), and of one with intervals their ends beside it, as
 * `{key}_low` and `{key}_high`.
 */
export function tableOfResult({ columns, rows }: ResultTable): Table {
  const found = columns.flatMap(({ key }, at): Column[] => {
    const cells = rows.map((row) => row[at] ?? null)
    const texts = cells.some((cell) => typeof cell === 'string')
    const values = texts ? nullable(key, 'string', cells.map(textOf)) : nullable(key, 'float64', cells.map(valueOf))
    if (!cells.some((cell) => typeof cell === 'object' && cell !== null)) return [values]
    const bound = (side: 'low' | 'high'): Column =>
      nullable(
        `${key}_${side}`,
        'float64',
        cells.map((cell) => (typeof cell === 'object' && cell !== null ? cell[side] : null))
      )
    return [values, bound('low'), bound('high')]
  })
  const names = distinct(found.map(({ name }) => name))
  return tableOf(found.map((one, at) => ({ ...one, name: names[at] ?? one.name })))
}

const textOf = (cell: ResultCell): string | null => (typeof cell === 'string' ? cell : cell === null ? null : String(valueOf(cell)))

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
