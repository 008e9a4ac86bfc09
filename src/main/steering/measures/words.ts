/**
 * Words that a person names, counted in a text. A person's pattern runs on RE2, which takes time linear in the text whatever the pattern
 * says (no look-around, no back-references): it cannot hang the engine.
 */
import { RE2JS } from 're2js'
import { assert, fail } from '../../../shared/errors'
import type { ConceptSettings } from '../../../shared/records/scores'

/** Longest pattern, in characters: what a pattern may cost grows with its length. */
const PATTERN_CHARACTERS = 1000

/** What makes two neighbouring characters one word. Scripts without spaces between words have no such neighbours. */
const WORD = /[\p{L}\p{M}\p{N}]/u
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

/** Number of words (Unicode word segmentation; what holds no letter or digit is no word). */
export function wordsOf(text: string): number {
  let count = 0
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike === true) count++
  return count
}

/**
 * A counter of matches of the keywords and the pattern together; null without any. Keywords match as whole words (or phrases) whatever
 * their case, each for itself; the pattern's matches do not overlap, and empty ones do not count. @throws PATTERN_INVALID
 */
export function matcherOf({ keywords, pattern }: Pick<ConceptSettings, 'keywords' | 'pattern'>): ((text: string) => number) | null {
  const wanted = [...new Set(keywords.map((keyword) => fold(keyword.trim())))].filter((keyword) => keyword !== '')
  const compiled = pattern === '' ? null : compile(pattern)
  if (wanted.length === 0 && compiled === null) return null
  return (text) => {
    const folded = fold(text)
    const ofKeywords = wanted.reduce((sum, keyword) => sum + occurrences(folded, keyword), 0)
    return ofKeywords + (compiled === null ? 0 : matchesOf(compiled, text))
  }
}

function compile(pattern: string): RE2JS {
  if (pattern.length > PATTERN_CHARACTERS)
    fail('PATTERN_INVALID', { pattern: `${pattern.slice(0, 60)}…`, reason: `it is longer than ${PATTERN_CHARACTERS} characters` })
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    return fail('PATTERN_INVALID', { pattern, reason: error instanceof Error ? error.message : String(error) })
  }
}

function matchesOf(pattern: RE2JS, text: string): number {
  const matcher = pattern.matcher(text)
  let count = 0
  while (matcher.find()) if (matcher.end() > matcher.start()) count++
  return count
}

const fold = (text: string): string => text.normalize('NFC').toLowerCase()

/** Occurrences that do not overlap and are no part of a longer word. */
function occurrences(text: string, keyword: string): number {
  let count = 0
  let from = text.indexOf(keyword)
  while (from >= 0) {
    const end = from + keyword.length
    const whole = !joins(before(text, from), at(text, from)) && !joins(before(text, end), at(text, end))
    if (whole) count++
    from = text.indexOf(keyword, whole ? end : from + 1)
  }
  return count
}

function joins(left: string, right: string): boolean {
  return WORD.test(left) && WORD.test(right) && !UNSPACED.test(left) && !UNSPACED.test(right)
}

/** The character that begins at an index, and the one that ends before it; '' beyond the ends. */
function at(text: string, index: number): string {
  const code = text.codePointAt(index)
  return code === undefined ? '' : String.fromCodePoint(code)
}

function before(text: string, index: number): string {
  if (index <= 0) return ''
  const low = text.charCodeAt(index - 1)
  assert(!Number.isNaN(low), 'an index lies in its text')
  return at(text, low >= 0xdc00 && low <= 0xdfff && index > 1 ? index - 2 : index - 1)
}
