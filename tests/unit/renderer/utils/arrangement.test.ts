import { describe, expect, it } from 'vitest'
import { arranged, movedBy, movedTo, type Arrangement } from '../../../../src/renderer/utils/arrangement'

const columns = ['baseline', 'a', 'b', 'c', 'd'].map((key, index) => ({ key, score: [null, 1, null, 3, 2][index] ?? null }))
const plain: Arrangement = { order: [], pinned: new Set(), hidden: new Set() }
const keys = (arrangement: Partial<Arrangement>, descending?: boolean): string[] =>
  arranged(columns, { ...plain, ...arrangement }, descending === undefined ? null : { of: ({ score }) => score, descending }).map(
    ({ key }) => key
  )

describe('the arrangement of columns', () => {
  it('keeps the order they come in, and the baseline first whatever the order says', () => {
    expect(keys({})).toEqual(['baseline', 'a', 'b', 'c', 'd'])
    expect(keys({ order: ['d', 'baseline', 'b'] })).toEqual(['baseline', 'd', 'b', 'a', 'c'])
  })

  it('puts pinned columns behind the baseline and leaves hidden ones out', () => {
    expect(keys({ pinned: new Set(['c']), hidden: new Set(['a']) })).toEqual(['baseline', 'c', 'b', 'd'])
  })

  it('sorts by a score either way, those without it last, and keeps the own order among equals', () => {
    expect(keys({}, true)).toEqual(['baseline', 'c', 'd', 'a', 'b'])
    expect(keys({}, false)).toEqual(['baseline', 'a', 'd', 'c', 'b'])
  })

  it('moves a column to the place of another, by steps, and no further than the ends', () => {
    expect(movedTo(['a', 'b', 'c'], 'a', 'c')).toEqual(['b', 'c', 'a'])
    expect(movedTo(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b'])
    expect(movedTo(['a', 'b'], 'x', 'a')).toEqual(['a', 'b'])
    expect(movedBy(['a', 'b', 'c'], 'b', 1)).toEqual(['a', 'c', 'b'])
    expect(movedBy(['a', 'b', 'c'], 'b', -Infinity)).toEqual(['b', 'a', 'c'])
    expect(movedBy(['a', 'b', 'c'], 'c', 5)).toEqual(['a', 'b', 'c'])
  })
})
