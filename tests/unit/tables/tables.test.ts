import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  column,
  formatOf,
  nullable,
  readTable,
  specsOf,
  tableBytes,
  tableFormats,
  tableFrom,
  tableOf,
  writeTable,
  writeTables
} from '../../../src/main/tables'
import { WorkbenchError } from '../../../src/shared/errors'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

const ROWS = 1000

/** Every type, with the values that formats get wrong: the ends of ranges, -0, NaN, formulas, quotes, line breaks, empty text. */
function example(): ReturnType<typeof tableOf> {
  const words = [
    'plain',
    '',
    'a,b',
    'say "x"',
    'two\nlines',
    'a\r\nb',
    '=1+1',
    "'quoted",
    '-',
    '@x',
    ' space ',
    'żółw 🐢',
    'null',
    'true',
    '1e3'
  ]
  const odd = [0, -0, 1.5, -1e-30, 3.4028234663852886e38, 0.1, NaN, Infinity, -Infinity, 1e21]
  const pick = <T>(list: readonly T[]) => Array.from({ length: ROWS }, (_, row) => list[row % list.length] ?? null)
  return tableOf([
    column(
      'rank',
      'int32',
      Int32Array.from({ length: ROWS }, (_, row) => (row % 2 ? -1 : 1) * (2 ** 31 - 1 - row))
    ),
    column('score', 'float32', Float32Array.from(pick(odd), Number)),
    column(
      'loss',
      'float64',
      Float64Array.from({ length: ROWS }, (_, row) => Math.sin(row) / 3)
    ),
    column('word', 'string', pick(words)),
    column('done', 'bool', pick([true, false])),
    nullable('maybe', 'float64', pick([null, 0.1, null, -2])),
    nullable('name', 'string', pick(['x', null, 'y'])),
    nullable('flag', 'bool', pick([null, true, false])),
    nullable('never', 'int32', pick([null]))
  ])
}

const plain = (table: Awaited<ReturnType<typeof tableFrom>>): unknown =>
  table.columns.map((one) => ({ ...one, values: Array.from(one.values) }))

describe.each(tableFormats.map(({ name }) => name))('tables as %s', (format) => {
  it('come back as they were, every bit of every number', async () => {
    const table = example()
    const back = await tableFrom('x', format, tableBytes(format, table), specsOf(table.columns))
    expect(back.rows).toBe(ROWS)
    // toStrictEqual tells -0 from 0 and holds NaN equal to NaN.
    expect(plain(back)).toStrictEqual(plain(table))
  })

  it('are the same bytes whenever they are written', () => {
    expect(tableBytes(format, example())).toStrictEqual(tableBytes(format, example()))
  })

  it('may be empty', async () => {
    const empty = tableOf([column('a', 'int32', []), nullable('b', 'string', [])])
    const back = await tableFrom('x', format, tableBytes(format, empty), specsOf(empty.columns))
    expect(plain(back)).toStrictEqual(plain(empty))
  })

  it('are written in pieces, and are whole or not there', async () => {
    const folder = await temporaryFolder()
    const [path, broken] = [join(folder, `a.${format}`), join(folder, `b.${format}`)]
    const table = example()
    await writeTables(path, format, specsOf(table.columns), [table, table])
    expect((await readTable(path, format, specsOf(table.columns))).rows).toBe(2 * ROWS)
    const stops = async function* (): AsyncGenerator<typeof table> {
      yield table
      throw new Error('stopped')
    }
    await expect(writeTables(broken, format, specsOf(table.columns), stops())).rejects.toThrow('stopped')
    expect(await readdir(folder)).toStrictEqual([`a.${format}`])
  })

  it('are refused where their columns are others than said', async () => {
    const bytes = tableBytes(format, tableOf([column('a', 'string', ['x'])]))
    const other = [{ name: 'a', type: 'int32' as const, nullable: false }]
    expect(await failureOf(() => tableFrom('f', format, bytes, other))).toContain('f cannot be read as a table: ')
  })
})

describe('files of tables', () => {
  it('end with the name of their format', async () => {
    expect(formatOf('/x/A.PARQUET')).toBe('parquet')
    expect(await failureOf(() => formatOf('/x/a.xls'))).toBe(
      '/x/a.xls does not say by its ending what kind of table it is. Supported are .parquet, .csv, .jsonl.'
    )
  })

  it('say float32 as briefly as reads back', async () => {
    const folder = await temporaryFolder()
    await writeTable(join(folder, 'a.csv'), 'csv', tableOf([column('a', 'float32', Float32Array.of(0.1, 1 / 3))]))
    expect(await readFile(join(folder, 'a.csv'), 'utf8')).toBe('a\r\n0.1\r\n0.33333334\r\n')
  })

  it('that are damaged are refused: cut, bent, or of another kind', async () => {
    const bytes = tableBytes('parquet', example())
    const refused = async (damaged: Uint8Array): Promise<string> => failureOf(() => tableFrom('t.parquet', 'parquet', damaged))
    expect(await refused(new Uint8Array(0))).toContain('t.parquet cannot be read as a table: ')
    expect(await refused(bytes.subarray(0, bytes.length - 9))).toContain('t.parquet cannot be read as a table: ')
    expect(await refused(Buffer.concat([bytes.subarray(0, 500), bytes.subarray(900)]))).toContain('t.parquet cannot be read as a table: ')
    expect(await refused(Buffer.from('PAR1 and nothing of it PAR1'))).toContain('t.parquet cannot be read as a table: ')
  })

  it('with any byte changed are read or refused with a reason, nothing else', async () => {
    const small = tableBytes('parquet', tableOf([column('a', 'int32', [1, 2, 3]), nullable('b', 'string', ['x', null, 'x'])]))
    for (let at = 0; at < small.length; at++) {
      const bent = Uint8Array.from(small)
      bent[at] = (bent[at] ?? 0) ^ 0xff
      const outcome = await tableFrom('t', 'parquet', bent).then(
        () => 'read',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error)
      )
      expect(['read', 'TABLE_INVALID']).toContain(outcome)
    }
  })

  it('that claim more than they hold, anywhere, are read or refused, and nothing is filled before', async () => {
    const values = Array.from({ length: 300 }, (_, row) => (row < 200 ? null : `word ${row % 3}`))
    const bytes = tableBytes('parquet', tableOf([nullable('a', 'string', values)]))
    const refusals = new Set<string>()
    for (let at = 4; at < bytes.length - 4; at++) {
      const bent = Uint8Array.from(bytes)
      // As a varint: an even 2 ** 28, that many halves of a run.
      bent.set([0xfe, 0xff, 0xff, 0x7f], at)
      await tableFrom('t', 'parquet', bent).catch((error: unknown) =>
        refusals.add(error instanceof WorkbenchError ? error.message : 'broken')
      )
    }
    expect([...refusals].filter((message) => !message.startsWith('t cannot be read as a table: '))).toStrictEqual([])
    expect([...refusals].join()).toContain('a page has a run that is longer than itself')
    expect([...refusals].join()).toContain('a column does not hold as many values as its row group has rows')
  })

  it('of text are refused with their line', async () => {
    const refused = (format: 'csv' | 'jsonl', text: string): Promise<string> =>
      failureOf(() => tableFrom('t', format, Buffer.from(text), [{ name: 'a', type: 'int32', nullable: false }]))
    expect(await refused('csv', 'a\r\n1\r\nx\r\n')).toBe(
      't cannot be read as a table: line 3: "x" in "a" is not int32. Write it again with the program that made it.'
    )
    expect(await refused('csv', 'a\r\n1,2\r\n')).toContain('line 2 has 2 cells, not 1')
    expect(await refused('csv', 'a\r\n"1\r\n')).toContain('line 2')
    expect(await refused('jsonl', '{"a":1}\n{"a":1.5}\n')).toContain('line 2: "a" is not int32')
    expect(await refused('jsonl', '{"a":1}\n[1]\n')).toContain('line 2: it does not hold a JSON object')
    expect(await failureOf(() => tableFrom('t', 'csv', Uint8Array.of(0x61, 0xff)))).toContain('it is not UTF-8')
  })
})
