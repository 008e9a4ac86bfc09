/**
 * Patterns of tokenizer.json: a fixed string, or a regular expression in Oniguruma's syntax, which @huggingface/tokenizers
 * translates to JavaScript's.
 */
import { SplitPreTokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { within } from './guard'
import type { Refuse } from './types'

/** A stretch of a text, and whether the pattern matched it. Spans cover the text without gaps. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly matched: boolean
}
export type Pattern = (text: string) => Span[]

/** GPT-4o's has 274. */
const LONGEST = 4096

const Source = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string() })])

/** What compiling may take. */
const TRIAL_MS = 1000

/** What the files of GPT-2, Llama 3, Qwen, SentencePiece and their kin use: known to take a time that grows linearly with the text. */
const LETTERS_AND_REST = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
const PUBLISHED = new Set([
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|${LETTERS_AND_REST}`,
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|${LETTERS_AND_REST.replace('{1,3}', '')}`,
  ' {2,}',
  String.raw`\A `,
  String.raw` \z`
])

/** The regular expression of GPT-2, which the stage ByteLevel applies without naming it. */
export const GPT2_PATTERN = { Regex: [...PUBLISHED][0] }

/** Whether a pattern as written in the file may be run without watching the time. */
export function isPlain(source: unknown): boolean {
  const parsed = Source.safeParse(source)
  return parsed.success && ('String' in parsed.data || PUBLISHED.has(parsed.data.Regex))
}

/** Refuses what cannot be translated exactly: ids that are silently wrong are worse than none. */
export function patternOf(source: unknown, refuse: Refuse): Pattern {
  const parsed = Source.safeParse(source)
  if (!parsed.success) return refuse('one of its patterns is neither a string nor a regular expression')
  if ('String' in parsed.data) return stringPattern(parsed.data.String)
  const expression = translate(parsed.data.Regex, refuse)
  return (text) => spans(text, [...text.matchAll(expression)].map((match) => ({ start: match.index, end: match.index + match[0].length })))
}

/** Every character of a class by itself, as the stages do that split by a property of characters. */
export function characterPattern(expression: RegExp): Pattern {
  return (text) => spans(text, [...text.matchAll(expression)].map((match) => ({ start: match.index, end: match.index + match[0].length })))
}

function stringPattern(wanted: string): Pattern {
  return (text) => {
    const found: { start: number; end: number }[] = []
    if (wanted !== '') {
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) found.push({ start: at, end: at + wanted.length })
    }
    return spans(text, found)
  }
}

function spans(text: string, found: readonly { start: number; end: number }[]): Span[] {
  const all: Span[] = []
  let at = 0
  for (const { start, end } of found) {
    if (start > at) all.push({ start: at, end: start, matched: false })
    all.push({ start, end, matched: true })
    at = end
  }
  if (at < text.length) all.push({ start: at, end: text.length, matched: false })
  return all
}

function translate(source: string, refuse: Refuse): RegExp {
  const shown = source.length > 60 ? `${source.slice(0, 60)}...` : source
  if (source.length > LONGEST) return refuse(`its regular expression ${shown} has more than ${LONGEST} characters`)
  const unsupported = UNTRANSLATABLE.find(([found]) => found.test(source))
  if (unsupported) return refuse(`its regular expression ${shown} uses ${unsupported[1]}, which JavaScript cannot do the same way`)
  try {
    const { pattern } = new SplitPreTokenizer({ type: 'Split', pattern: { Regex: source }, behavior: 'Isolated', invert: false })
    // Compiled when it is first used, once for each width of characters; what the engine cannot compile shows here.
    const tried = within(TRIAL_MS, () => ['a', '\u4e00'].map((text) => pattern?.exec(text)))
    if (tried === null) return refuse(`its regular expression ${shown} takes longer than ${TRIAL_MS / 1000} s for one character`)
    if (pattern) return new RegExp(pattern.source, pattern.flags)
  } catch (error) {
    return refuse(`its regular expression ${shown} cannot be read (${error instanceof Error ? error.message : String(error)})`)
  }
  return refuse(`its regular expression ${shown} cannot be read`)
}

/** Escaped backslashes in front are skipped over, so that "\\G" (a backslash and a G) is not taken for the anchor. */
const escaped = (letter: string): RegExp => new RegExp(String.raw`(?<!\\)(?:\\\\)*\\${letter}`)
const UNTRANSLATABLE: readonly (readonly [RegExp, string])[] = [
  [escaped('G'), String.raw`the anchor \G`],
  [escaped('K'), String.raw`the anchor \K`],
  [escaped('R'), String.raw`\R`],
  [escaped('X'), String.raw`\X`],
  [escaped('[gk]'), 'references to groups'],
  [escaped('[1-9]'), 'references to groups'],
  [/\(\?>/, 'an atomic group'],
  [/(?<!\\)[+*?]\+/, 'a possessive quantifier'],
  [/\(\?[a-z]*-?[a-z]*\)/, 'options in the middle'],
  [/\(\?(?!i:)[a-z-]+:/, 'options other than (?i:...)'],
  [/\(\?[~(#]/, 'a group of a kind that JavaScript lacks']
]
