import { describe, expect, it } from 'vitest'
import {
  anotherSeed,
  appendTokens,
  comparisonName,
  emptyColumns,
  finalTarget,
  meanKl,
  stoppedColumns
} from '../../../../src/renderer/utils/live-comparison'
import { recipeOf, tokenOf } from '../support'

describe('streaming columns', () => {
  const columns = emptyColumns([recipeOf('a'), recipeOf('b')])

  it('begin empty, the baseline first', () => {
    expect(columns.map(({ recipe, tokens }) => [recipe?.id ?? null, tokens.length])).toEqual([
      [null, 0],
      ['a', 0],
      ['b', 0]
    ])
  })

  it('grow by what came, and those that got nothing stay the same objects', () => {
    const grown = appendTokens(columns, [
      { column: 0, index: 0, token: tokenOf('x') },
      { column: 2, index: 1, token: tokenOf('z') },
      { column: 2, index: 0, token: tokenOf('y') }
    ])
    expect(grown.map(({ tokens }) => tokens.map(({ text }) => text))).toEqual([['x'], [], ['y', 'z']])
    expect(grown[1]).toBe(columns[1])
    expect(grown[0]).not.toBe(columns[0])
    expect(columns[0]?.tokens).toHaveLength(0)
  })

  it('keep what streamed when they are stopped', () => {
    const grown = appendTokens(columns, [
      { column: 1, index: 0, token: tokenOf(' so') },
      { column: 1, index: 1, token: { ...tokenOf(''), hex: 'e2 80' } }
    ])
    expect(stoppedColumns(grown)[1]).toMatchObject({ text: ' so\ufffd', finished: 'cancelled', scores: null })
  })
})

describe('numbers of a column', () => {
  it('are the watched probability at the last token and the mean divergence', () => {
    expect(finalTarget({ tokens: [tokenOf('a', 0.1), tokenOf('b', 0.7)] })).toBe(0.7)
    expect(meanKl({ scores: { kl: [0.5, 1.5], baselineLogprob: [-1, -1], perplexity: Math.E } })).toBe(1)
  })

  it('are unknown when nothing was generated, watched or scored', () => {
    expect(finalTarget({ tokens: [] })).toBeNull()
    expect(finalTarget({ tokens: [tokenOf('a')] })).toBeNull()
    expect(meanKl({ scores: null })).toBeNull()
    expect(meanKl({ scores: { kl: [], baselineLogprob: [], perplexity: 1 } })).toBeNull()
  })
})

describe('the name of a comparison', () => {
  it('takes the prompt’s name, or the end of its text, and the recipes', () => {
    const recipes = ['a', 'b', 'c', 'd'].map((id) => recipeOf(id, { name: id }))
    expect(comparisonName('sadness', 'Mia was very', recipes.slice(0, 2))).toBe('sadness: a, b')
    expect(comparisonName('', 'On the way home, Mia was very', recipes)).toBe('… home, Mia was very: a, b and 2 more')
    expect(comparisonName('', 'Mia was', [])).toBe('Mia was: baseline')
  })
})

describe('another seed', () => {
  it('is never the one before and stays within five digits', () => {
    for (const seed of [1, 2, 50_000, 99_998, 99_999, 123_456, -4])
      for (const draw of [0, 0.5, 0.99999999]) {
        const next = anotherSeed(seed, () => draw)
        expect(next).not.toBe(seed)
        expect(next).toBeGreaterThanOrEqual(1)
        expect(next).toBeLessThanOrEqual(99_999)
      }
  })
})
