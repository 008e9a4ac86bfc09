import { describe, expect, it } from 'vitest'
import { RESULT_COLUMNS, resultsFrom, resultsTable } from '../../../src/main/sets/results'
import { tableBytes, tableFormats, tableFrom, tableOf } from '../../../src/main/tables'
import { failureOf } from '../../support/failing'
import { promptsNamed, randomResults } from '../../support/set-results'

describe('results as a table', () => {
  it.each(tableFormats.map(({ name }) => name))('come back from %s as they were', async (format) => {
    const results = randomResults(1, promptsNamed(200))
    const back = await tableFrom('r', format, tableBytes(format, resultsTable(results)), RESULT_COLUMNS)
    const read = resultsFrom('r', back)
    // CSV has one empty cell for null and for empty text: of the text of a token only.
    expect(read).toStrictEqual(results)
  })

  it('have a row for each latent, and one for a prompt without any', () => {
    const results = randomResults(2, promptsNamed(30))
    const { rows, columns } = resultsTable(results)
    expect(rows).toBe(results.reduce((sum, { latent }) => sum + Math.max(1, latent.length), 0))
    const ranks = Array.from(columns.find(({ name }) => name === 'rank')?.values ?? [])
    expect(ranks.filter((rank) => rank === null)).toHaveLength(results.filter(({ latent }) => latent.length === 0).length)
    expect(resultsFrom('r', resultsTable([]))).toStrictEqual([])
  })

  it('are refused where ranks are out of order or a cell is of another kind', async () => {
    const { columns } = resultsTable(randomResults(3, promptsNamed(5)))
    const spoiled = (name: string, at: number, cell: number | string | null): ReturnType<typeof tableOf> => {
      const changed = columns.map((one) =>
        one.name === name ? { ...one, values: Array.from(one.values, (value, row) => (row === at ? cell : value)) } : one
      )
      return { columns: changed, rows: columns[0]?.values.length ?? 0 }
    }
    expect(await failureOf(() => resultsFrom('r', spoiled('rank', 1, 7)))).toContain(
      'row 2: the ranks of a prompt are not 1, 2, 3 and so on'
    )
    expect(await failureOf(() => resultsFrom('r', spoiled('score', 0, 'x')))).toContain('row 1 of "score" is "x"')
    expect(await failureOf(() => resultsFrom('r', tableOf(columns.slice(1))))).toContain('it has no column "prompt"')
  })
})
