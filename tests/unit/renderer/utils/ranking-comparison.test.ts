import { describe, expect, it } from 'vitest'
import {
  alignRankings,
  jaccard,
  overlapCurve,
  overlaps,
  sharedCorrelation,
  spearman
} from '../../../../src/renderer/utils/ranking-comparison'
import { rankingOf } from '../support'

const a = rankingOf([
  [10, 0.9],
  [20, 0.5],
  [30, 0.2],
  [40, 0.1]
])
const b = rankingOf([
  [20, 0.8],
  [10, 0.6],
  [50, 0.3],
  [40, 0.05]
])

describe('aligned rankings', () => {
  it('list every latent once, best rank first', () => {
    expect(alignRankings([a, b]).map(({ latent }) => latent)).toEqual([10, 20, 30, 50, 40])
  })

  it('give rank, score and change of rank, and say where a latent is missing', () => {
    const rows = alignRankings([a, b])
    const ten = rows.find(({ latent }) => latent === 10)
    expect(ten?.cells.map((cell) => [cell?.rank, cell?.score])).toEqual([
      [1, 0.9],
      [2, 0.6]
    ])
    expect(ten?.change).toBe(-1)
    expect(rows.find(({ latent }) => latent === 20)?.change).toBe(1)
    expect(rows.find(({ latent }) => latent === 40)?.change).toBe(0)
    const fifty = rows.find(({ latent }) => latent === 50)
    expect([fifty?.cells[0], fifty?.change, fifty?.onlyIn]).toEqual([null, null, 1])
    expect(rows.find(({ latent }) => latent === 30)?.onlyIn).toBe(0)
  })

  it('carry the exact effect where it was measured', () => {
    const verified = rankingOf(
      [
        [10, 0.9],
        [20, 0.5]
      ],
      { exact: { effects: [{ latent: 20, score: 0.5, exactEffect: 0.4 }], pearson: null, spearman: null } }
    )
    expect(alignRankings([verified]).map(({ cells }) => cells[0]?.exactEffect)).toEqual([null, 0.4])
  })

  it('of one ranking have no changes and nothing that is only in one', () => {
    expect(alignRankings([a]).every(({ change, onlyIn }) => change === null && onlyIn === null)).toBe(true)
    expect(alignRankings([])).toEqual([])
  })

  it('of three rankings compare the first with the last', () => {
    const c = rankingOf([[40, 1]])
    const row = alignRankings([a, b, c]).find(({ latent }) => latent === 40)
    expect([row?.change, row?.onlyIn]).toEqual([3, null])
  })
})

describe('overlap', () => {
  it('at k is the share of latents in both top k among those in either', () => {
    expect(jaccard(a, b, 1)).toEqual({ value: 0, shared: 0 })
    expect(jaccard(a, b, 2)).toEqual({ value: 1, shared: 2 })
    expect(jaccard(a, b, 3)).toEqual({ value: 2 / 4, shared: 2 })
  })

  it('takes all there is when a ranking is shorter than k, and is unknown for two empty ones', () => {
    expect(jaccard(a, rankingOf([[10, 1]]), 50)).toEqual({ value: 1 / 4, shared: 1 })
    expect(jaccard(rankingOf([]), rankingOf([]), 10)).toEqual({ value: null, shared: 0 })
  })

  it('is worked out for every pair', () => {
    expect(overlaps([a, b, a], [2]).map(({ pair, jaccard: [top] }) => [pair, top?.value])).toEqual([
      [[0, 1], 1],
      [[0, 2], 1],
      [[1, 2], 1]
    ])
  })
})

describe('the overlap curve', () => {
  it('has at each k the Jaccard index of the two top k, also beyond the shorter ranking', () => {
    for (const other of [b, a, rankingOf([[30, 1]]), rankingOf([])])
      overlapCurve(a, other, 100).forEach((value, index) => expect(value).toBe(jaccard(a, other, index + 1).value))
    expect(overlapCurve(a, b, 2)).toHaveLength(2)
    expect(overlapCurve(rankingOf([]), rankingOf([]), 10)).toEqual([])
  })
})

describe("Spearman's rho", () => {
  it('is 1 for any increasing relation, -1 for any decreasing one', () => {
    expect(spearman([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1, 12)
    expect(spearman([1, 2, 3, 4], [4, 3, 2, -9])).toBeCloseTo(-1, 12)
  })

  it('gives tied values their mean rank', () => {
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5 over sqrt(4.5 x 5) by hand.
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12)
  })

  it('is unknown with fewer than three pairs or when one side is constant', () => {
    expect(spearman([1, 2], [1, 2])).toBeNull()
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull()
  })

  it('over shared latents uses the size of signed scores, as their ranking does', () => {
    const signed = rankingOf(
      [
        [20, -0.8],
        [10, 0.6],
        [40, -0.05]
      ],
      { aggregation: 'signed-sum' }
    )
    // Shared 10, 20, 40: ranks 3, 2, 1 against 2, 3, 1, so 1 - 6 x 2 / (3 x 8) = 0.5.
    expect(sharedCorrelation(a, signed)).toEqual({ spearman: expect.closeTo(0.5, 12), shared: 3 })
  })
})
