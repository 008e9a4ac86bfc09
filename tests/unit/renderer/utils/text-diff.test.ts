import { describe, expect, it } from 'vitest'
import { cutWords, diffTokens, type DiffToken } from '../../../../src/renderer/utils/text-diff'

const tokens = (...texts: string[]): DiffToken[] => texts.map((text) => ({ text }))
const marked = (base: DiffToken[], other: DiffToken[]): string[] => {
  const { changed } = diffTokens(base, other)
  return other.filter((_, index) => changed[index]).map((token) => token.hex ?? token.text)
}

describe('words of a text', () => {
  it('keep the whitespace before them, and punctuation stands alone', () => {
    expect(cutWords("She didn't cry, but\nran. ")).toEqual(['She', " didn't", ' cry', ',', ' but', '\nran', '.', ' '])
  })

  it('are single characters in Chinese and Japanese', () => {
    expect(cutWords('猫は走る')).toEqual(['猫', 'は', '走', 'る'])
  })

  it('lose nothing: joined they are the text again', () => {
    const text = ' Ünïcode —\t"so"\u00a0what?\n\n שלום 😀😀  '
    expect(cutWords(text).join('')).toBe(text)
  })
})

describe('differences between token sequences', () => {
  it('are none for the same text, however it is cut into tokens', () => {
    const diff = diffTokens(tokens('She', ' was', ' unhappy', '.'), tokens('She', ' was', ' un', 'happy', '.'))
    expect(diff).toEqual({ changed: [false, false, false, false, false], removed: [] })
  })

  it('mark the replaced word and say what stood there', () => {
    const diff = diffTokens(tokens('She', ' was', ' sad', '.'), tokens('She', ' was', ' ha', 'ppy', '.'))
    expect(diff.changed).toEqual([false, false, true, true, false])
    expect(diff.removed).toEqual([{ before: 2, text: ' sad', replaced: true }])
  })

  it('mark every token of a word that changed in only one of its tokens', () => {
    expect(marked(tokens(' run', 'ning', ' fast'), tokens(' run', 'ner', ' fast'))).toEqual([' run', 'ner'])
  })

  it('mark a token in whose middle the changed word begins', () => {
    expect(marked(tokens('a', ' b c'), tokens('a', ' b d'))).toEqual([' b d'])
  })

  it('name what is missing at the end', () => {
    expect(diffTokens(tokens('one', ' two'), tokens('one'))).toEqual({
      changed: [false],
      removed: [{ before: 1, text: ' two', replaced: false }]
    })
  })

  it('mark everything when there was nothing before, and nothing when both are empty', () => {
    expect(diffTokens([], tokens('a', ' b')).changed).toEqual([true, true])
    expect(diffTokens([], [])).toEqual({ changed: [], removed: [] })
  })

  it('compare byte fragments by their bytes', () => {
    const fragment = (hex: string): DiffToken => ({ text: '', hex })
    expect(marked([fragment('e2 80'), fragment('99')], [fragment('e2 80'), fragment('99')])).toEqual([])
    expect(marked([fragment('e2 80'), fragment('99')], [fragment('e2 80'), fragment('9d')])).toEqual(['9d'])
  })

  it('do not take seconds on two long texts without anything in common', () => {
    const words = (stem: string): DiffToken[] => Array.from({ length: 4000 }, (_, index) => ({ text: ` ${stem}${index}` }))
    const start = performance.now()
    const diff = diffTokens([{ text: 'Once' }, ...words('a')], [{ text: 'Once' }, ...words('b')])
    // Generous for a loaded machine; without the bound on edits it takes many seconds.
    expect(performance.now() - start).toBeLessThan(1000)
    expect(diff.changed.slice(0, 3)).toEqual([false, true, true])
    expect(diff.changed.filter(Boolean)).toHaveLength(4000)
  })
})
