import { describe, expect, it } from 'vitest'
import { agreementOf, choicesOf, pairsOf, QUESTIONS, wilson } from '../../../src/shared/agreement'
import { MarkQuestion, type Mark } from '../../../src/shared/records/marks'
import type { ColumnMeasures } from '../../../src/shared/records/scores'

let count = 0
const mark = (question: MarkQuestion, left: number, right: number, choice: Mark['choice']): Mark => ({
  id: String(count++),
  createdAt: '2026-01-01T00:00:00.000Z',
  question,
  left,
  right,
  choice
})

const column = (overall: number, fluency: number): { measures: ColumnMeasures } => ({
  measures: {
    concept: null,
    fluency: { perplexity: 1, baselinePerplexity: 1, repetition: 0, distinct: [], value: fluency },
    relatedness: null,
    overall,
    rose: [],
    fell: []
  }
})

describe('marks of two texts', () => {
  const marks = [mark('better', 1, 0, 'left'), mark('better', 0, 1, 'right'), mark('better', 0, 1, 'left'), mark('better', 1, 0, 'tie')]

  it('count for the text, not for its side', () => {
    expect(pairsOf(marks)).toEqual([{ question: 'better', columns: [0, 1], chosen: [1, 2], ties: 1 }])
  })

  it('agree with the score where the chosen text has the higher one', () => {
    expect(agreementOf(pairsOf(marks), [column(0.5, 1), column(1.5, 1)])).toEqual({ agree: 2, of: 3 })
    expect(agreementOf(pairsOf(marks), [column(1.5, 1), column(0.5, 1)])).toEqual({ agree: 1, of: 3 })
  })

  it('say nothing of scores that are equal or missing', () => {
    const columns = [column(1, 1), column(1, 1), { measures: undefined }]
    expect(agreementOf(pairsOf([...marks, mark('better', 0, 2, 'left'), mark('concept', 0, 1, 'left')]), columns)).toEqual({
      agree: 0,
      of: 0
    })
  })

  it('say how often each column was chosen of the answers that were no tie', () => {
    const pairs = pairsOf([...marks, mark('better', 2, 1, 'right')])
    expect([0, 1, 2].map((at) => choicesOf(pairs, at))).toEqual([
      { chosen: 1, of: 3 },
      { chosen: 3, of: 4 },
      { chosen: 0, of: 1 }
    ])
  })
})

it('every question has the score that answers it too', () => {
  expect(MarkQuestion.options.map((question) => QUESTIONS[question].of(column(0.25, 0.75)))).toEqual([null, 0.75, 0.25])
})

it('shares have the interval that Wilson’s formula gives by hand', () => {
  // 8 of 10: (0.8 + 0.19207 ± 1.95996 sqrt(0.016 + 0.009604)) / 1.38415, worked out with eight digits.
  expect(wilson(8, 10).low).toBeCloseTo(0.4901625, 6)
  expect(wilson(8, 10).high).toBeCloseTo(0.9433178, 6)
  expect(wilson(0, 5).low).toBe(0)
  expect(wilson(5, 5).high).toBe(1)
})
