/** Results of made-up parts, against cells computed by hand. Bootstrap bounds are those of statistics/, tested there. */
import { describe, expect, it } from 'vitest'
import { agreement, compared, positionScores } from '../../../src/main/experiments/agreement'
import { faithfulness } from '../../../src/main/experiments/faithfulness'
import { masking } from '../../../src/main/experiments/masking'
import { sourcesOf, transplant, transplantOf } from '../../../src/main/experiments/transplant'
import type { Experiment } from '../../../src/main/experiments/types'
import type { ExperimentResult, ExperimentSettings, ResultCell } from '../../../src/shared/records/experiment'

function resultOf(experiment: Experiment, settings: ExperimentSettings, data: readonly unknown[]): ExperimentResult {
  return experiment.result(
    [],
    experiment.settings(settings),
    data.map((one, part) => ({ part, data: one }))
  )
}

/** A table's cells, intervals by their estimates. */
function cells({ tables }: ExperimentResult, name: string): ResultCell[][] {
  const rows = tables.find((table) => table.name === name)?.rows ?? []
  return rows.map((row) => row.map((cell) => (typeof cell === 'object' && cell !== null ? cell.value : cell)))
}

describe('masking', () => {
  const settings = { methods: ['gradsae', 'mean-activation'], counts: [1, 10], shares: [50] }
  const masked = (em: number[], latents = [1, 2, 3, 4]) => ({ latents, em, f1: em.map((value) => (value + 1) / 2) })
  const part = (gradsae: number[], mean: number[]) => ({
    id: 'q',
    tokens: 9,
    before: { text: 'x', em: 1, f1: 1 },
    masked: {
      active: 4,
      probability: 0.5,
      methods: [
        { method: 'gradsae', positive: 4, top: masked(gradsae), bottom: masked([1, 1, 1]) },
        { method: 'mean-activation', positive: 6, top: masked(mean, [2, 9, 8, 7]), bottom: masked([1, 1, 0]) }
      ]
    }
  })
  const unused = { id: 'r', tokens: 9, before: { text: 'y', em: 0, f1: 0 }, masked: null }
  const result = resultOf(masking, settings, [part([1, 0, 0], [1, 1, 1]), unused, part([0, 0, 1], [1, 1, 0])])

  it('has a row for each method and end, and a column for each K, in %', () => {
    expect(cells(result, 'em')).toEqual([
      ['gradsae', 'top', 50, 0, 50],
      ['mean-activation', 'top', 100, 100, 50],
      ['gradsae', 'bottom', 100, 100, 100],
      ['mean-activation', 'bottom', 100, 100, 0]
    ])
    expect(cells(result, 'f1')[0]).toEqual(['gradsae', 'top', 75, 50, 75])
  })

  it('stands beside the paper’s numbers, and states how many questions were used', () => {
    expect(cells(result, 'paper')).toContainEqual(['gradsae', 'top', 'EM', 80.45, 51.21, 39.48, 37.8, 30.58])
    expect(result.prompts).toBe(2)
    expect(result.notes[0]).toMatch(/^2 of 3 questions are the sample/)
  })

  it('says the paired difference at K = 10, and that it is one', () => {
    expect(result.sentence).toBe(
      'Masking the top latents of gradsae at K = 10 leaves 0.0 (0.0 to 0.0) % exact match of 2 questions, those of mean-activation 100.0 (100.0 to 100.0) %: a difference of −100.0 (−100.0 to −100.0) points, so the latents of gradsae matter more.'
    )
    expect(cells(result, 'differences')[0]).toEqual(['mean-activation', 'top', -50, -100, 0])
  })

  it('counts what methods share of K = 50 %, here 2 of 4 active latents', () => {
    expect(cells(result, 'sets')).toEqual([
      ['gradsae', 4, 2, 100, 100],
      ['mean-activation', 6, 2, 50, 100]
    ])
  })

  it('curves begin with nothing masked, and leave shares out', () => {
    const [curve] = result.curves
    expect(curve?.series[0]?.points.map(({ x, y }) => [x, y])).toEqual([
      [0, 100],
      [1, 50],
      [10, 0]
    ])
  })
})

describe('transplants', () => {
  // Two latents over three positions; scores 0.4 and 80.
  const attributed = {
    prepared: { active: { latents: Int32Array.of(3, 6), Z: Float32Array.of(0, 1, 4, 0, 2, 0), positions: 3 } },
    latents: [
      { latent: 3, score: 0.4 },
      { latent: 6, score: 80 }
    ]
  }

  it('values are the mean where it is active, the clamped score, and the activation at the last position', () => {
    const sources = sourcesOf(attributed, [3, 6])
    expect(sources.get(3)).toEqual({ latent: 3, published: 3, code: 0.4, source: 2 })
    expect(sources.get(6)).toEqual({ latent: 6, published: 1, code: 50, source: 0 })
  })

  it('zeroes first and writes then, at all positions as published and at the last as the code does', () => {
    const [three] = [...sourcesOf(attributed, [3]).values()]
    expect(transplantOf([9, 3], three ? [three] : [], 'published')).toEqual([
      { latent: 3, mode: 'ablate', coefficient: 0, positions: 'all' },
      { latent: 9, mode: 'ablate', coefficient: 0, positions: 'all' },
      { latent: 3, mode: 'set', coefficient: 3, positions: 'all' }
    ])
    expect(transplantOf([], three ? [three] : [], 'code')).toEqual([{ latent: 3, mode: 'set', coefficient: 0.4, positions: 'last' }])
  })

  it('has a row for each method, way and end, and counts pairs', () => {
    const moved = (em: number[]) => ({ em, f1: em, kept: em.map((value) => 1 - value) })
    const pair = (em: number[]) => ({
      id: 'a',
      other: 'b',
      own: { text: 'x', em: 1, f1: 1 },
      toOther: { text: 'x', em: 0, f1: 0 },
      changed: [{ method: 'gradsae', variant: 'code', top: moved(em), bottom: moved([0]) }]
    })
    const result = resultOf(transplant, { methods: ['gradsae'], variants: ['code'], counts: [10], shares: [] }, [
      { group: 'g', asked: 3, right: 2, active: 12, pairs: [pair([1]), pair([0])] }
    ])
    expect(cells(result, 'em')).toEqual([
      ['gradsae', 'code', 'top', 50],
      ['gradsae', 'code', 'bottom', 0]
    ])
    expect(cells(result, 'kept')[0]).toEqual(['gradsae', 'code', 'top', 50])
    expect(result.prompts).toBe(2)
    expect(result.sentence).toMatch(/^Transplanting the top latents of gradsae at K = 10 turns 50\.0 \(/)
  })
})

describe('faithfulness', () => {
  const part = (deletion: number[], insertion: number[]) => ({
    id: 'p',
    active: 10,
    own: 12,
    full: 10,
    empty: 2,
    errorAlone: 2,
    biasAlone: 1,
    methods: [{ method: 'gradsae', deletion, insertion, spearman: 0.5 }]
  })
  const settings = { methods: ['gradsae'], shares: [0, 50, 100] }
  const result = resultOf(faithfulness, settings, [part([10, 2, 2], [2, 10, 10]), part([10, 6, 2], [2, 6, 10])])

  it('areas are mean heights between nothing and everything: (1 + 0)/2 and 0 of one prompt, a straight line of the other', () => {
    // Deletion: by trapezoids ((8 + 0)/2 + 0)/2 = 2 and ((8 + 4)/2 + (4 + 0)/2)/2 = 4 of a span of 8 each: (2 + 4)/16.
    expect(cells(result, 'methods')).toEqual([['gradsae', 0.375, 0.625, 0.5]])
    expect(cells(result, 'prompts').map((row) => row.at(-1))).toEqual([0.25, 0.5])
  })

  it('the error term’s share is what remains without latents, above the decoder bias', () => {
    // (2 - 1) / (12 - 1) of both prompts.
    expect(cells(result, 'target').at(-1)?.[1]).toBeCloseTo(100 / 11, 12)
  })

  it('curves begin at 1 and end at 0, or the other way round', () => {
    const ends = result.curves.map(({ series }) => series[0]?.points.map(({ y }) => y))
    expect(ends).toEqual([
      [1, 0.25, 0],
      [0, 0.75, 1]
    ])
  })
})

describe('agreement', () => {
  const ranked = (name: string, scores: [number, number][]) => ({ name, scores: new Map(scores) })

  it('compares tops, orders and scores; what one ranking lacks counts as 0', () => {
    const one = ranked('a', [
      [1, 3],
      [2, 2],
      [3, 1]
    ])
    const other = ranked('b', [
      [1, 5],
      [4, 4],
      [2, 1]
    ])
    const found = compared('methods', one, other, 2)
    // Tops {1, 2} and {1, 4}: 1 of 3.
    expect(found.jaccard).toBeCloseTo(1 / 3, 15)
    // Scores of 1, 2, 3, 4: (3, 2, 1, 0) and (5, 1, 0, 4), ranks (4, 3, 2, 1) and (4, 2, 1, 3): sum of squares 0 + 1 + 1 + 4 = 6, 1 - 6 x 6 / 60.
    expect(found.spearman).toBeCloseTo(0.4, 15)
    const same = compared('methods', one, one, 2)
    expect([same.jaccard, same.rbo]).toEqual([1, 1])
    expect(same.spearman).toBeCloseTo(1, 15)
  })

  it('sums scores by position', () => {
    const entries = {
      position: Int32Array.of(0, 2, 2),
      latent: Int32Array.of(1, 1, 5),
      activation: new Float32Array(3),
      gradient: new Float32Array(3),
      score: Float32Array.of(0.5, 1, 2)
    }
    const found = positionScores({ scores: { entries }, prepared: { active: { positions: 3 } } })
    expect([...found]).toEqual([
      [0, 0.5],
      [1, 0],
      [2, 3]
    ])
  })

  it('has a table for each kind of comparison that was made, and says which were not', () => {
    const comparison = {
      axis: 'targets',
      a: 'probability',
      b: 'logit',
      jaccard: 0.5,
      rbo: 0.25,
      spearman: null,
      depths: [1, 1, 1, 1, 1, 1, 1]
    }
    const result = resultOf(agreement, { axes: ['targets', 'devices'] }, [
      { id: 'p', active: 3, comparisons: [comparison], notes: ['This machine has no other device than cpu, so devices were not compared.'] }
    ])
    expect(result.tables.map(({ name }) => name)).toEqual(['targets'])
    expect(cells(result, 'targets')).toEqual([['probability', 'logit', 0.5, 0.25, null, 1]])
    expect(result.notes[0]).toMatch(/no other device/)
    expect(result.sentence).toMatch(/overlap by 0\.50 .* between probability and logit/)
  })
})
