import { describe, expect, it } from 'vitest'
import {
  anotherSeed,
  appendTokens,
  comparisonName,
  emptyColumns,
  finalTarget,
  firstDivergence,
  meanKl,
  mergedColumns,
  mergedRecord,
  stoppedColumns
} from '../../../../src/renderer/utils/live-comparison'
import { DEFAULT_GENERATION, type Comparison } from '../../../../src/shared/records/steering'
import { columnOf, recipeOf, tokenOf } from '../support'

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

describe('one column run among others', () => {
  const ids = (texts: readonly string[]): Comparison['columns'][number]['tokens'] => texts.map((text, id) => ({ ...tokenOf(text), id }))
  const record = (columns: Comparison['columns'], promptIds = [5]): Comparison => ({
    prompt: { text: 'Mia' },
    promptTokens: promptIds.map((id) => ({ id, text: 'Mia', special: false })),
    settings: DEFAULT_GENERATION,
    target: null,
    columns,
    provenance: {
      model: { name: 'm', path: '/m', hash: 'h' },
      sae: null,
      preflight: null,
      hook: null,
      device: { requested: 'auto', used: 'cpu' },
      versions: {},
      createdAt: '2026-11-22T10:00:00Z',
      milliseconds: 10
    }
  })
  const baseline = columnOf(null, [], { tokens: ids([' was', ' sad']) })
  const before = record([baseline, columnOf(recipeOf('a'), ['1']), columnOf(recipeOf('b'), ['2'])])

  it('begins empty in its place, and the others stay the same objects', () => {
    const kept = emptyColumns([recipeOf('a'), recipeOf('b')]).map((column) => ({ ...column, tokens: [tokenOf('x')] }))
    const merged = mergedColumns(kept, [recipeOf('b')], ['a', 'b'])
    expect(merged.slice(0, 2)).toEqual(kept.slice(0, 2))
    expect(merged[1]).toBe(kept[1])
    expect(merged[2]?.tokens).toEqual([])
  })

  it('goes into the record at its place, new columns between the old ones, those off the bench left out', () => {
    const fresh = record([baseline, columnOf(recipeOf('c'), ['3'])])
    const merged = mergedRecord(before, fresh, ['c', 'b'])
    expect(merged?.columns.map(({ recipe, text }) => [recipe?.id ?? null, text])).toEqual([
      [null, ''],
      ['c', '3'],
      ['b', '2']
    ])
    expect(merged?.provenance.milliseconds).toBe(20)
  })

  it('is refused beside a baseline or a prompt that is not its own', () => {
    const other = columnOf(null, [], { tokens: ids([' was', ' sad', '.']) })
    expect(mergedRecord(before, record([other, columnOf(recipeOf('a'), ['3'])]), ['a', 'b'])).toBeNull()
    expect(mergedRecord(before, record([baseline], [5, 6]), ['a', 'b'])).toBeNull()
  })
})

describe('the first token that is not the baseline’s', () => {
  it('is found by its id; it may stand where the baseline has ended', () => {
    const of = (...list: number[]): { id: number }[] => list.map((id) => ({ id }))
    expect(firstDivergence(of(1, 2, 3), of(1, 4, 3))).toBe(1)
    expect(firstDivergence(of(1, 2), of(1, 2, 3))).toBe(2)
    expect(firstDivergence(of(1, 2, 3), of(1, 2))).toBeNull()
    expect(firstDivergence([], of(1))).toBe(0)
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
