import { describe, expect, it } from 'vitest'
import { batchesOfShard, BOUNDS, planBatches, type PlanItem } from '../../../src/main/sets/plan'
import { randomFrom } from '../../support/random-numbers'

const MODEL = { d_vocab: 50257, d_sae: 65536, alone: false }

function randomItems(seed: number, count: number): PlanItem[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, () => ({
    positions: random.below(20) === 0 ? null : 1 + random.below(300),
    terms: 1 + random.below(40),
    kind: random.pick(['alone', 'alone', 'paired'])
  }))
}

describe('the plan of batches', () => {
  it('has every prompt in exactly one batch, and keeps to the bounds', () => {
    const items = randomItems(1, 3000)
    const batches = planBatches(items, MODEL)
    expect(batches.flat().sort((a, b) => a - b)).toStrictEqual(items.map((_, place) => place))
    for (const batch of batches) {
      const own = batch.flatMap((place) => items[place] ?? [])
      if (own.every(({ positions }) => positions === null)) {
        expect(batch.length).toBeLessThanOrEqual(BOUNDS.failed)
        continue
      }
      const longest = Math.max(...own.map(({ positions }) => positions ?? NaN))
      const terms = own.reduce((sum, item) => sum + item.terms, 0)
      expect(batch.length).toBeLessThanOrEqual(BOUNDS.rows)
      expect(new Set(own.map(({ kind }) => kind)).size).toBe(1)
      if (batch.length === 1) continue
      expect(batch.length * longest).toBeLessThanOrEqual(BOUNDS.positions)
      expect(batch.length * longest * MODEL.d_sae).toBeLessThanOrEqual(BOUNDS.dense)
      expect(terms * MODEL.d_vocab).toBeLessThanOrEqual(BOUNDS.logits)
    }
  })

  it('puts together what is equally long, in the order of the set', () => {
    const lengths = [5, 3, 5, 3, 3]
    const items = lengths.map((positions) => ({ positions, terms: 1, kind: 'alone' }))
    expect(planBatches(items, MODEL)).toStrictEqual([[1, 3, 4, 0, 2]])
  })

  it('runs a prompt that is beyond the bounds alone, rather than not at all', () => {
    const items = [8, 4000, 4000].map((positions) => ({ positions, terms: 1, kind: 'alone' }))
    expect(planBatches(items, MODEL)).toStrictEqual([[0], [1], [2]])
  })

  it('is one prompt a batch where a method asks for it', () => {
    const items = [2, 1].map((positions) => ({ positions, terms: 1, kind: 'alone' }))
    expect(planBatches(items, { ...MODEL, alone: true })).toStrictEqual([[1], [0]])
  })

  it('is divided so that every batch is in one shard, and shards differ by one batch at most', () => {
    const shards = Array.from({ length: 7 }, (_, index) => batchesOfShard(23, { index, of: 7 }))
    expect(shards.flat().sort((a, b) => a - b)).toStrictEqual(Array.from({ length: 23 }, (_, batch) => batch))
    expect(new Set(shards.map(({ length }) => length))).toStrictEqual(new Set([3, 4]))
    expect(batchesOfShard(2, { index: 5, of: 7 })).toStrictEqual([])
  })
})
