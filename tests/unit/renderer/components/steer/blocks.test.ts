import { describe, expect, it } from 'vitest'
import { BLOCK, cutBlocks, missingAtEnd } from '../../../../../src/renderer/components/steer/blocks'
import { tokenOf } from '../../support'

const tokens = Array.from({ length: BLOCK * 2 + 3 }, (_, index) => tokenOf(` w${index}`))
const same = { changed: tokens.map(() => false), removed: [] }

describe('blocks of a streaming text', () => {
  it('cover the text in order', () => {
    const blocks = cutBlocks(tokens, same, null, [])
    expect(blocks.map(({ start, tokens: own }) => [start, own.length])).toEqual([
      [0, BLOCK],
      [BLOCK, BLOCK],
      [2 * BLOCK, 3]
    ])
  })

  it('stay the same objects while a token is appended, except the last', () => {
    const before = cutBlocks(tokens, same, null, [])
    const grown = [...tokens, tokenOf(' new')]
    const after = cutBlocks(grown, { changed: grown.map(() => false), removed: [] }, null, before)
    expect(after[0]).toBe(before[0])
    expect(after[1]).toBe(before[1])
    expect(after[2]).not.toBe(before[2])
  })

  it('are made anew where a mark or a colour changes', () => {
    const before = cutBlocks(tokens, same, null, [])
    const changed = cutBlocks(tokens, { changed: same.changed.map((_, index) => index === BLOCK), removed: [] }, null, before)
    expect(changed.map((block, index) => block === before[index])).toEqual([true, false, true])
    const coloured = cutBlocks(
      tokens,
      same,
      tokens.map(() => -1),
      before
    )
    expect(coloured.some((block, index) => block === before[index])).toBe(false)
  })

  it('mark the first token that is not the baseline’s, in its block alone', () => {
    const before = cutBlocks(tokens, same, null, [])
    const after = cutBlocks(tokens, same, null, before, { index: BLOCK + 2, baseline: '“ sad”' })
    expect(after.map(({ marks }) => marks.diverges)).toEqual([null, { at: 2, baseline: '“ sad”' }, null])
    expect(after.map((block, index) => block === before[index])).toEqual([true, false, true])
  })

  it('say what is missing before a token, several places joined, and after the end', () => {
    const removed = [
      { before: 1, text: ' a', replaced: false },
      { before: 1, text: ' b', replaced: false },
      { before: 2, text: ' c', replaced: true },
      { before: tokens.length, text: ' end', replaced: false }
    ]
    const diff = { changed: same.changed, removed }
    const marks = cutBlocks(tokens, diff, null, [])[0]?.marks
    expect(marks?.missing.slice(0, 3)).toEqual([null, ' a b', null])
    expect(marks?.replaced.slice(0, 3)).toEqual([null, null, ' c'])
    expect(missingAtEnd(diff, tokens.length)).toBe(' end')
    expect(missingAtEnd(null, 3)).toBe('')
  })
})
