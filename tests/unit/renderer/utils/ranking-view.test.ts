import { describe, expect, it } from 'vitest'
import {
  autoName,
  carriers,
  filterRows,
  heatmapCells,
  heatmapRows,
  indexEntries,
  positionActivations,
  positionScores,
  rankingRows
} from '../../../../src/renderer/utils/ranking-view'
import { rankingOf } from '../support'

const ranking = rankingOf(
  [
    [1203, 0.5],
    [12, 0.3],
    [7, -0.2]
  ],
  {
    entries: {
      position: Int32Array.from([0, 1, 1, 2]),
      latent: Int32Array.from([12, 7, 1203, 1203]),
      activation: Float32Array.from([1, 2, 3, 4]),
      gradient: Float32Array.from([1, 1, 1, 1]),
      score: Float32Array.from([0.25, -0.25, 0.125, 0.5])
    },
    exact: { effects: [{ latent: 12, score: 0.3, exactEffect: 0.28 }], pearson: null, spearman: null }
  }
)
const rows = rankingRows(ranking, new Map([[12, 'Sadness words']]))
const index = indexEntries(ranking)

describe('rows of a ranking', () => {
  it('carry rank, label and exact effect', () => {
    expect(rows.map((row) => [row.rank, row.latent, row.label, row.exactEffect])).toEqual([
      [1, 1203, null, null],
      [2, 12, 'Sadness words', 0.28],
      [3, 7, null, null]
    ])
  })

  it.each([
    ['12', [1203, 12]],
    ['#12', [12]],
    ['sad', [12]],
    ['  ', [1203, 12, 7]],
    ['nothing', []]
  ])('are filtered by number or label: "%s"', (query, latents) => {
    expect(filterRows(rows, query).map((row) => row.latent)).toEqual(latents)
  })
})

describe('scores by position', () => {
  it('sum over all latents when none is selected', () => {
    expect([...positionScores(ranking, index, new Set())]).toEqual([0.25, -0.125, 0.5])
  })

  it('sum over the selected latents', () => {
    expect([...positionScores(ranking, index, new Set([1203]))]).toEqual([0, 0.125, 0.5])
    expect([...positionScores(ranking, index, new Set([1203, 7]))]).toEqual([0, -0.125, 0.5])
  })

  it('have the activations of one latent beside them', () => {
    expect([...positionActivations(ranking, index, 1203)]).toEqual([0, 3, 4])
  })

  it('become cells of the heat map, row by row', () => {
    expect(heatmapCells(ranking, index, [{ latent: 7 }, { latent: 12 }])).toEqual([
      { row: 0, position: 1, score: -0.25, activation: 2 },
      { row: 1, position: 0, score: 0.25, activation: 1 }
    ])
  })
})

it('the heat map keeps selected latents that are not among the best', () => {
  expect(heatmapRows(rows, new Set([7]), 1).map((row) => row.latent)).toEqual([1203, 7])
})

it('carriers are the fewest latents with the share of the absolute score', () => {
  expect(carriers(ranking.latents, 0.5)).toBe(1)
  expect(carriers(ranking.latents, 0.8)).toBe(2)
  expect(carriers(ranking.latents, 1)).toBe(3)
  expect(carriers([], 0.8)).toBe(0)
})

it('a ranking without a prompt name is named after the words before its target', () => {
  const named = rankingOf([[1, 1]], { prompt: { text: 'Mia lost the ball. Mia was very' } })
  expect(autoName(named, '', 'GradSAE')).toBe('…ball. Mia was very → sad, GradSAE')
  expect(autoName(named, 'The ball', 'GradSAE')).toBe('The ball → sad, GradSAE')
})
