import { expect, it } from 'vitest'
import type { ColumnMeasures } from '../../../../src/shared/records/scores'
import { COLUMN_SCORES, columnScore } from '../../../../src/renderer/utils/column-scores'
import { scoreParts } from '../../../../src/renderer/utils/score-parts'

const measures: ColumnMeasures = {
  concept: { promoted: 0.2, activation: null, baselineActivation: null, keywords: null, value: 1 },
  fluency: { perplexity: 4, baselinePerplexity: 2, repetition: 0.1, distinct: [0.5, 0.8, 0.9], value: 0.9 },
  relatedness: null,
  overall: 0.95,
  rose: [],
  fell: []
}

it('parts that were measured are listed, and what was not says why', () => {
  const [overall, concept, fluency, relatedness] = scoreParts(measures)
  expect(overall?.value).toBe(0.95)
  expect(concept?.parts.map(({ name, value }) => [name, value])).toEqual([['promoted tokens', 0.2]])
  expect(fluency?.parts).toHaveLength(6)
  expect(relatedness).toMatchObject({ value: null, parts: [] })
  expect(relatedness?.missing).toContain('No other prompts')
  expect(scoreParts({ ...measures, concept: null })[1]?.missing).toContain('Nothing says what the concept is')
})

it('every score to sort by is null where it was not measured', () => {
  for (const score of COLUMN_SCORES) expect(score.of({ scores: null, measures: null })).toBeNull()
  expect(COLUMN_SCORES.map((score) => score.of({ scores: { perplexity: 3, kl: [1, 3], baselineLogprob: [-1, -1] }, measures }))).toEqual([
    0.95,
    1,
    0.9,
    null,
    3,
    2
  ])
  expect(columnScore('kl')?.name).toBe('mean KL')
})
