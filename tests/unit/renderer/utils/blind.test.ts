import { describe, expect, it } from 'vitest'
import { blindPlan, openPairs } from '../../../../src/renderer/utils/blind'
import type { Mark } from '../../../../src/shared/records/marks'

const TEXTS = ['a', 'b', 'c', 'd', 'e']

describe('the plan of pairs', () => {
  it('has every pair of different texts once', () => {
    const pairs = blindPlan(TEXTS, 'better', 'seed').map(({ left, right }) => [left, right].sort().join())
    expect(new Set(pairs).size).toBe(10)
    expect(pairs).toHaveLength(10)
  })

  it('leaves out texts that nobody could tell apart', () => {
    const plan = blindPlan(['a', 'b', 'a'], 'better', 'seed')
    expect(plan).toHaveLength(2)
    expect(plan.some(({ left, right }) => left !== 1 && right !== 1)).toBe(false)
  })

  it('is the same for the same comparison and question, and another for another', () => {
    expect(blindPlan(TEXTS, 'better', 'seed')).toEqual(blindPlan(TEXTS, 'better', 'seed'))
    expect(blindPlan(TEXTS, 'better', 'seed')).not.toEqual(blindPlan(TEXTS, 'fluency', 'seed'))
    expect(blindPlan(TEXTS, 'better', 'seed')).not.toEqual(blindPlan(TEXTS, 'better', 'other'))
  })

  it('puts no text on one side more often than chance does', () => {
    const sides = Array.from({ length: 400 }, (_, at) => blindPlan(['a', 'b'], 'better', `seed ${at}`)[0]?.left ?? NaN)
    // 400 fair throws stay within 200 ± 60 but for one time in 10^8.
    expect(Math.abs(sides.reduce((sum, side) => sum + side, 0) - 200)).toBeLessThan(60)
  })

  it('goes on where marks end, whichever side a text stood on', () => {
    const plan = blindPlan(TEXTS, 'better', 'seed')
    const [first, second] = plan
    if (!first || !second) return expect.fail('there are pairs')
    const mark: Mark = { id: '1', createdAt: '', question: 'better', left: first.right, right: first.left, choice: 'tie' }
    expect(openPairs(plan, [mark], 'better')[0]).toEqual(second)
    expect(openPairs(plan, [mark], 'concept')[0]).toEqual(first)
  })
})
