/** What a sweep says of texts whose scores are known: the useful range, the strength chosen on one half and reported on the other. */
import { describe, expect, test } from 'vitest'
import { sweepResult } from '../../../src/main/experiments/sweep-result'
import { Settings, type SweepCell, type SweepPart } from '../../../src/main/experiments/sweep-shape'
import { conceptValue, harmonicMean } from '../../../src/main/steering/measures'
import type { ExperimentResult } from '../../../src/shared/records/experiment'
import type { Recipe } from '../../../src/shared/records/steering'

const recipe = (name: string): Recipe => ({ id: name, name, interventions: [], keepError: true })

/** Concept and fluency of one text; null is a recipe without a concept. A pair is the share of promoted tokens in the text and in the baseline's. */
type Scores = readonly [concept: number | readonly [own: number, baseline: number] | null, fluency: number]

function cell(at: number, coefficient: number, [given, fluency]: Scores): SweepCell {
  const signs = typeof given === 'object' && given !== null ? { promoted: given[0], baselinePromoted: given[1] } : { promoted: null }
  const nothing = { activation: null, baselineActivation: null, keywords: null, ...signs }
  const concept = typeof given === 'object' && given !== null ? conceptValue(nothing) : given
  return {
    recipe: at,
    coefficient,
    text: `strength ${coefficient}`,
    tokens: 8,
    finished: 'length',
    editSize: coefficient / 10,
    target: null,
    kl: coefficient,
    measures: {
      concept: concept === null ? null : { ...nothing, value: concept },
      fluency: { perplexity: 4, baselinePerplexity: 4, repetition: 0, distinct: [1, 1, 1], value: fluency },
      relatedness: null,
      overall: harmonicMean([concept, fluency]),
      rose: [],
      fell: []
    }
  }
}

/** `scores` by prompt, for each recipe and strength. */
function resultOf(
  names: readonly string[],
  coefficients: readonly number[],
  scores: (recipe: number, coefficient: number, prompt: number) => Scores,
  { prompts = 6, seeds = [1], left = 0 } = {}
): ExperimentResult {
  const settings = Settings.parse({ recipes: names.map(recipe), coefficients, seeds })
  const parts = Array.from({ length: prompts }, (_, prompt) =>
    settings.seeds.map((seed): SweepPart => ({
      prompt,
      id: `p${prompt}`,
      seed,
      cells: names.flatMap((_name, at) =>
        settings.coefficients.map((coefficient) => cell(at, coefficient, scores(at, coefficient, prompt)))
      )
    }))
  ).flat()
  const all = Array.from({ length: prompts }, (_, prompt) => ({
    ...{ id: `p${prompt}`, prompt: { text: '' }, answer: null, target: null, counterfactual: null, group: null, paraphrase: null }
  }))
  return sweepResult({ settings, prompts: all, parts: parts.slice(0, parts.length - left), leftOut: [] })
}

/** Strength 1 moves the concept up and down by chance, 2 and 3 raise it, 4 raises it at the cost of three quarters of the fluency. */
function known(_recipe: number, coefficient: number, prompt: number): Scores {
  if (coefficient === 0) return [0.5, 2]
  if (coefficient === 1) return [0.5 + (prompt % 2 === 0 ? 0.1 : -0.1), 2]
  if (coefficient === 2) return [1, 2]
  return coefficient === 3 ? [1.5, 1.6] : [2, 0.5]
}

const rowOf = (result: ExperimentResult, table: string, row = 0): unknown[] =>
  result.tables.find(({ name }) => name === table)?.rows[row] ?? []

describe('a sweep', () => {
  test('finds where the concept rises before fluency falls, and marks it on every curve', () => {
    const result = resultOf(['sad'], [1, 2, 3, 4], known)
    expect(rowOf(result, 'ranges').slice(0, 2)).toEqual(['sad', '2 to 3'])
    expect(result.sentence).toContain('The concept rises while fluency is kept for “sad” at 2 to 3;')
    for (const { marks } of result.curves) expect(marks).toMatchObject([{ from: 2, to: 3 }])
  })

  test('chooses the strength on one half of the prompts and reports its score on the other', () => {
    const result = resultOf(['sad'], [1, 2, 3, 4], known)
    // 3 / all of equal prompts: the harmonic mean of 1.5 and 1.6 is the best there is, and the same on either half
    const best = harmonicMean([1.5, 1.6])
    expect(rowOf(result, 'ranges').slice(2)).toEqual([3, { value: best, low: best, high: best }])
  })

  test('does not report the half that it chose on: what is good on one half only is not', () => {
    // Three of six prompts are lucky at 1. A half of three has 0, 1, 2 or 3 of them, so its mean is never that of all six.
    const lucky = (_at: number, coefficient: number, prompt: number): Scores =>
      coefficient === 0 ? [0.5, 2] : [coefficient === 1 && prompt < 3 ? 2 : 0.8, 2]
    const [, , chosen, overall] = rowOf(resultOf(['sad'], [1, 2], lucky), 'ranges')
    const { value } = overall as { value: number }
    const all = harmonicMean([2, 2]) / 2 + harmonicMean([0.8, 2]) / 2
    expect(chosen).toBe(1)
    expect(value).not.toBeCloseTo(all, 6)
  })

  test('says a strength is of no use where the concept rises for some prompts and falls for others', () => {
    const result = resultOf(['sad'], [1], known)
    expect(rowOf(result, 'ranges')[1]).toBe('none')
    expect(result.sentence).toContain('No recipe raises the concept while fluency is kept')
  })

  test('does not take chance for a rise, though the concept counts only what is above the baseline', () => {
    // Half of the texts have as much more of the concept as the other half has less.
    const chance = (_at: number, coefficient: number, prompt: number): Scores =>
      coefficient === 0 ? [[0.1, 0.1], 2] : [prompt % 2 === 0 ? [0.2, 0.1] : [0.1, 0.2], 2]
    const result = resultOf(['sad'], [1], chance, { prompts: 12 })
    const [, strength, concept, net] = rowOf(result, 'dose_response', 1)
    expect(strength).toBe(1)
    // 0.1 above is the half of promoted tokens, worth 1 of 2; 0.1 below is worth 0, and -1 net.
    expect(concept).toMatchObject({ value: expect.closeTo(0.5, 12) as number })
    expect((concept as { low: number }).low).toBeGreaterThan(0)
    expect(net).toMatchObject({ value: expect.closeTo(0, 12) as number })
    expect(rowOf(result, 'ranges')[1]).toBe('none')
  })

  test('names as best only a recipe whose concept is scored: fluency alone is no overall score beside others', () => {
    const result = resultOf(['sad', 'direction'], [2], (at, coefficient, prompt) => (at === 0 ? known(at, coefficient, prompt) : [null, 2]))
    expect(result.sentence).toContain('of “sad” at 2')
    expect(rowOf(result, 'dose_response', 2).slice(0, 6)).toMatchObject(['direction', 0, null, null, { value: 2 }, { value: 2 }])
  })

  test('averages the seeds of a prompt, and leaves out prompts whose seeds are not all done', () => {
    const whole = resultOf(['sad'], [2], known, { seeds: [1, 2, 3] })
    expect(whole.prompts).toBe(6)
    const missing = resultOf(['sad'], [2], known, { seeds: [1, 2, 3], left: 1 })
    expect(missing.prompts).toBe(5)
    expect(missing.sentence).toContain('over 5 prompts and 3 seeds')
  })

  test('calls nothing useful after one prompt, which has no interval', () => {
    const result = resultOf(['sad'], [2], known, { prompts: 1, seeds: [1, 2] })
    expect(rowOf(result, 'ranges')).toEqual(['sad', 'none', null, null])
    expect(result.sentence).toBe('One prompt cannot tell which strengths are useful, over 1 prompt and 2 seeds.')
    expect(result.curves.every(({ marks }) => marks === undefined)).toBe(true)
    expect(result.tables.find(({ name }) => name === 'dose_response')?.note).toContain('1 prompt; so few have no intervals.')
  })

  test('says so while nothing is done, and without a recipe', () => {
    for (const result of [resultOf(['sad'], [2], known, { prompts: 2, left: 2 }), resultOf([], [2], known)]) {
      expect(result.sentence).toBe('No prompt is done, so nothing can be said yet.')
      expect(result.curves).toEqual([])
    }
  })

  test('where every text scores the same no strength is useful, and the first is chosen', () => {
    // The harmonic mean of 1 and 1, whose sums are exact.
    const result = resultOf(['sad'], [-1, 2], () => [1, 1])
    const overall = 1
    expect(rowOf(result, 'ranges')).toEqual(['sad', 'none', -1, { value: overall, low: overall, high: overall }])
    expect(result.sentence).toContain('of “sad” at −1')
  })

  test('keeps recipes of one name apart in rows, curves and marks', () => {
    const result = resultOf(['sad', 'sad', 'sad (2)'], [2], (at, coefficient, prompt) =>
      at === 1 ? known(at, coefficient, prompt) : [0.5, 2]
    )
    const names = ['sad', 'sad (3)', 'sad (2)']
    expect(result.tables.find(({ name }) => name === 'ranges')?.rows.map(([name]) => name)).toEqual(names)
    for (const { series, marks } of result.curves) {
      expect(series.map(({ name }) => name)).toEqual(names)
      expect(marks).toEqual([{ series: 'sad (3)', from: 2, to: 2 }])
    }
  })

  test('has every text, and says how the scores come about', () => {
    const result = resultOf(['sad'], [1, 2], known)
    expect(result.tables.find(({ name }) => name === 'texts')?.rows).toHaveLength(6 * 3)
    expect(result.notes.at(-1)).toMatch(/^Scores: overall = harmonic mean .*concept = .*fluency = .*relatedness = /)
  })
})
