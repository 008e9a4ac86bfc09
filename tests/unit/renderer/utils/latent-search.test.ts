import { describe, expect, it } from 'vitest'
import { searchLatents } from '../../../../src/renderer/utils/latent-search'

const pool = {
  labels: new Map([
    [4, 'sad words'],
    [12, 'girl, she'],
    [40, 'very sad'],
    [41, 'the number 12']
  ]),
  count: 2048,
  ranked: [40, 7]
}
const found = (query: string, limit?: number): number[] => searchLatents(query, pool, limit).map(({ latent }) => latent)

describe('searching latents', () => {
  it('finds by all words of a label, those of the ranking first', () => {
    expect(found('sad')).toEqual([40, 4])
    expect(found('SAD very')).toEqual([40])
  })

  it('puts the exact number first, labelled or not, then numbers that begin with it', () => {
    expect(found('4')).toEqual([4, 40, 41])
    expect(found('12')).toEqual([12, 41])
    expect(found('2047')).toEqual([2047])
    expect(found('2048')).toEqual([])
  })

  it('shows the ranking when nothing is typed, then the labelled ones, with rank and label', () => {
    expect(found('')).toEqual([40, 7, 4, 12, 41])
    expect(searchLatents('', pool)[1]).toEqual({ latent: 7, label: null, rank: 2 })
    expect(found('', 2)).toEqual([40, 7])
  })
})
