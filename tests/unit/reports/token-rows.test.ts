import { describe, expect, test } from 'vitest'
import { tokenColumns, tokenPlaces, tokenRow, watchedIn } from '../../../src/main/reports/token-rows'
import { richComparison } from '../../support/rich-comparison'
import { savedComparison } from '../../support/saved'

describe('every token as a row', () => {
  const saved = savedComparison({ comparison: richComparison() })
  const columns = tokenColumns(watchedIn(saved.comparison))
  const rows = tokenPlaces(saved).map((place) => tokenRow(place, columns))

  test('counts positions along prompt and text, column after column', () => {
    expect(rows.map(({ column, position, generated }) => [column, position, generated])).toEqual(
      [0, 1].flatMap((column) => Array.from({ length: 11 }, (_, position) => [column, position, position >= 5]))
    )
  })

  test('has the numbers of a generated token exactly as the record has them', () => {
    const column = saved.comparison.columns[1]
    expect(rows[11 + 5 + 3]).toEqual({
      comparison_id: 'comparison-id',
      comparison: 'Sadder',
      column: 1,
      recipe: 'everything <at once>',
      edits: rows[12]?.edits,
      position: 8,
      generated: true,
      token_id: 99,
      token: ' weeping',
      is_bytes: false,
      special: false,
      logprob: column?.tokens[3]?.logprob,
      baseline_logprob: column?.scores?.baselineLogprob[3],
      kl: column?.scores?.kl[3],
      edit_size: 0.25,
      target: ' sad',
      target_probability: column?.tokens[3]?.targetProbability,
      watched_1: ' joy',
      watched_1_probability: 0.04,
      watched_2: 'e2 80',
      watched_2_probability: 1e-17
    })
  })

  test('has of a prompt’s token its text and the size of the edit, and nothing that was not measured there', () => {
    expect(rows[11]).toMatchObject({
      generated: false,
      edit_size: 0.125,
      logprob: null,
      baseline_logprob: null,
      kl: null,
      target_probability: null,
      watched_1_probability: null
    })
    expect(rows[0]).toMatchObject({ recipe: null, edits: null, edit_size: 0 })
  })

  test('says the whole recipe in words', () => {
    expect(rows[11]?.edits).toBe(
      'latent 100 (sadness words): add 1.5 × max at the last position of the prompt, then at each newest one; ' +
        'latent 7 (names): clamp to 2–8 at positions 3 to 7 where latent 9 is above 0.5 (SAE layer 1); ' +
        'direction “joy − sorrow”: project out at generated positions where the next token is “·sad” with probability below 5\u00a0%, ' +
        'as the unsteered model reads the same text; SAE error dropped; special tokens not edited; attention frozen'
    )
  })

  test('leaves empty what comparisons of before do not hold, and has room for what others of the table watch', () => {
    const place = tokenPlaces(savedComparison())[5]
    if (!place) expect.fail('there is a generated token')
    expect(tokenRow(place, tokenColumns(1))).toMatchObject({ edit_size: null, watched_1: null, watched_1_probability: null, logprob: -0.1 })
  })

  test('calls a column nullable where, and only where, cells are null', () => {
    const all = [...rows, ...tokenPlaces(savedComparison()).map((place) => tokenRow(place, columns))]
    for (const { name, nullable } of columns)
      expect([name, all.some((row) => row[name] === null)]).toEqual([name, nullable && name !== 'target'])
  })
})
