import { describe, expect, it } from 'vitest'
import { matcherOf, wordsOf } from '../../../../src/main/steering/measures/words'

const count = (text: string, keywords: string[], pattern = ''): number | undefined => matcherOf({ keywords, pattern })?.(text)

describe('words', () => {
  it('are counted without punctuation, in scripts with and without spaces', () => {
    expect(wordsOf("She didn't cry, not 1 time!")).toBe(6)
    expect(wordsOf('… — !')).toBe(0)
    expect(wordsOf('')).toBe(0)
    expect(wordsOf('東京に行く')).toBeGreaterThan(1)
  })
})

describe('keywords', () => {
  it('match whole words whatever their case, not parts of words', () => {
    expect(count('Sad, SAD and sadly; a sad-eyed crusader.', ['sad'])).toBe(3)
    expect(count('Straße, STRASSE', ['straße'])).toBe(1)
    expect(count('élan, e\u0301lan, relan', ['élan'])).toBe(2)
  })

  it('may be phrases, count once each however often they are given, and overlap one another', () => {
    expect(count('very sad, very very sad', ['very sad', 'sad', ' SAD '])).toBe(4)
  })

  it('match inside text of scripts without spaces', () => {
    expect(count('東京に行く', ['東京'])).toBe(1)
  })

  it('take characters beyond the basic plane whole', () => {
    expect(count('😀sad😀 𝒂sad', ['sad'])).toBe(1)
  })

  it('are no counter where there are none', () => {
    expect(matcherOf({ keywords: ['', '  '], pattern: '' })).toBeNull()
  })
})

describe('patterns', () => {
  it('count matches that do not overlap and are not empty, together with keywords', () => {
    expect(count('aaaa b', [], 'aa')).toBe(2)
    expect(count('baab', [], 'a*')).toBe(1)
    expect(count('sad Sad', ['sad'], '(?i)SAD')).toBe(4)
  })

  it('cannot hang: what makes a backtracking engine take 2^n steps is done at once', () => {
    const started = performance.now()
    expect(count(`${'a'.repeat(2000)}!`, [], '(a+)+$')).toBe(0)
    // A backtracking engine would not end; linear time takes milliseconds, and a busy machine gets room.
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('are refused where they are none, need back-references or look-around, or are endless', () => {
    const refused = (pattern: string): unknown => {
      try {
        return matcherOf({ keywords: [], pattern })
      } catch (error) {
        return error
      }
    }
    for (const pattern of ['(', '(a)\\1', 'a(?=b)', 'x'.repeat(1001), '(a{1000}){1000}'])
      expect(refused(pattern)).toMatchObject({
        code: 'PATTERN_INVALID',
        message: expect.stringMatching(/^The pattern ".*" cannot be used: /)
      })
  })
})
