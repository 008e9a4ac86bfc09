/** Results of a set as a table, one row per latent, and back. Imports nothing that computes: the archive writes exports with it. */
import type { SetResult } from '../../shared/records/sets'
import { fail } from '../../shared/errors'
import { cellsOf, column, nullable, specsOf, tableOf } from '../tables/table'
import type { Column, ColumnSpec, Table } from '../tables/types'

/**
 * The columns of a prompt are repeated in each of its rows; a prompt that failed, or has no active latent, has one row without a rank.
 * `prompt` is its place in the set, from 0; `rank` counts from 1.
 */
export function resultsTable(results: readonly SetResult[]): Table {
  const lengths = results.map(({ latent }) => Math.max(1, latent.length))
  const rows = lengths.reduce((sum, length) => sum + length, 0)
  const repeated = <T>(pick: (result: SetResult) => T): T[] => {
    const out: T[] = []
    results.forEach((result, at) => {
      const value = pick(result)
      for (let row = 0; row < (lengths[at] ?? 0); row++) out.push(value)
    })
    return out
  }
  const ranked = (pick: (result: SetResult, at: number) => number | undefined): (number | null)[] => {
    const out: (number | null)[] = []
    for (const result of results)
      for (let at = 0; at < Math.max(1, result.latent.length); at++) out.push(at < result.latent.length ? (pick(result, at) ?? 0) : null)
    return out
  }
  const columns: Column[] = [
    column(
      'prompt',
      'int32',
      repeated(({ index }) => index)
    ),
    column(
      'id',
      'string',
      repeated(({ id }) => id)
    ),
    column(
      'tokens',
      'int32',
      repeated(({ tokens }) => tokens)
    ),
    nullable(
      'target_id',
      'int32',
      repeated(({ target }) => target?.id ?? null)
    ),
    nullable(
      'target',
      'string',
      repeated(({ target }) => target?.text ?? null)
    ),
    nullable(
      'target_hex',
      'string',
      repeated(({ target }) => target?.hex ?? null)
    ),
    nullable(
      'target_special',
      'bool',
      repeated(({ target }) => target?.special ?? null)
    ),
    column(
      'value',
      'float64',
      repeated(({ value }) => value)
    ),
    column(
      'probability',
      'float64',
      repeated(({ probability }) => probability)
    ),
    column(
      'fvu',
      'float64',
      repeated(({ fvu }) => fvu)
    ),
    nullable(
      'rank',
      'int32',
      ranked((_, at) => at + 1)
    ),
    nullable(
      'latent',
      'int32',
      ranked(({ latent }, at) => latent[at])
    ),
    nullable(
      'score',
      'float32',
      ranked(({ score }, at) => score[at])
    ),
    nullable(
      'max_activation',
      'float32',
      ranked(({ maxActivation }, at) => maxActivation[at])
    ),
    nullable(
      'mean_activation',
      'float32',
      ranked(({ meanActivation }, at) => meanActivation[at])
    ),
    nullable(
      'error',
      'string',
      repeated(({ error }) => error?.code ?? null)
    ),
    nullable(
      'error_message',
      'string',
      repeated(({ error }) => error?.message ?? null)
    )
  ]
  return rows === 0 ? { columns, rows } : tableOf(columns)
}

/** Rows of a piece, or a few more: pieces end where a prompt does. */
const PIECE_ROWS = 100_000

/** Results, in their order, as the pieces in which they are written: the same results are the same pieces, and so the same file. */
export function* resultPieces(results: Iterable<SetResult>): Generator<Table> {
  let [some, rows]: [SetResult[], number] = [[], 0]
  for (const result of results) {
    some.push(result)
    rows += Math.max(1, result.latent.length)
    if (rows < PIECE_ROWS) continue
    yield resultsTable(some)
    ;[some, rows] = [[], 0]
  }
  if (some.length > 0) yield resultsTable(some)
}

/** The columns of `resultsTable`. */
export const RESULT_COLUMNS: readonly ColumnSpec[] = specsOf(resultsTable([]).columns)

/**
 * The results that a table from the file `path` holds, in its order; rows of a prompt must follow each other by rank.
 * @throws TABLE_INVALID
 */
export function resultsFrom(path: string, table: Table): SetResult[] {
  const refuse = (row: number, reason: string): never => fail('TABLE_INVALID', { path, reason: `row ${row + 1}: ${reason}` })
  const cells = cellsOf(path, table)
  const [index, rank] = [cells.number('prompt'), cells.numberOrNull('rank')]
  const read = promptReader(path, table)
  const results: SetResult[] = []
  for (let row = 0; row < table.rows;) {
    const first = row
    const ranked = rank(row) !== null
    do {
      if (ranked && rank(row) !== row - first + 1) refuse(row, 'the ranks of a prompt are not 1, 2, 3 and so on')
      row++
    } while (ranked && row < table.rows && index(row) === index(first) && rank(row) !== 1)
    results.push(read(first, ranked ? row - first : 0))
  }
  return results
}

function promptReader(path: string, table: Table): (first: number, latents: number) => SetResult {
  const cells = cellsOf(path, table)
  const [index, id, tokens] = [cells.number('prompt'), cells.text('id'), cells.number('tokens')]
  const [targetId, target, hex] = [cells.numberOrNull('target_id'), cells.textOrNull('target'), cells.textOrNull('target_hex')]
  const special = cells.boolOrNull('target_special')
  const [value, probability, fvu] = [cells.number('value'), cells.number('probability'), cells.number('fvu')]
  const [latent, score] = [cells.number('latent'), cells.number('score')]
  const [maxActivation, meanActivation] = [cells.number('max_activation'), cells.number('mean_activation')]
  const [code, message] = [cells.textOrNull('error'), cells.textOrNull('error_message')]
  return (first, latents) => {
    const at = (read: (row: number) => number) => (_: unknown, offset: number) => read(first + offset)
    const [token, bytes, error] = [targetId(first), hex(first), code(first)]
    const text = { text: target(first) ?? '', ...(bytes === null ? {} : { hex: bytes }), special: special(first) ?? false }
    return {
      index: index(first),
      id: id(first),
      tokens: tokens(first),
      target: token === null ? null : { id: token, ...text },
      value: value(first),
      probability: probability(first),
      fvu: fvu(first),
      latent: Int32Array.from({ length: latents }, at(latent)),
      score: Float32Array.from({ length: latents }, at(score)),
      maxActivation: Float32Array.from({ length: latents }, at(maxActivation)),
      meanActivation: Float32Array.from({ length: latents }, at(meanActivation)),
      error: error === null ? null : { code: error, message: message(first) ?? '' }
    }
  }
}
