/** Stages that split the text into the pieces that the model sees one by one. One line in the table for each. */
import { z } from 'zod'
import { spellBytes } from './byte-alphabet'
import { characterPattern, GPT2_PATTERN, patternOf, type Pattern, type Span } from './patterns'
import type { Build, Piece, Step } from './types'

export type PreTokenizer = (pieces: readonly Piece[]) => Piece[]

const PRE_TOKENIZERS: Readonly<Record<string, (step: Step, build: Build) => PreTokenizer>> = {
  Sequence: ({ pretokenizers = [] }, build) => {
    const stages = pretokenizers.map((step) => preTokenizerOf(step, build))
    return (pieces) => stages.reduce<Piece[]>((split, stage) => stage(split), [...pieces])
  },
  ByteLevel: byteLevel,
  Split: ({ pattern, behavior, invert }, { refuse }) => splitting(patternOf(pattern, refuse), behaviorOf(behavior, 'Isolated', refuse), invert === true),
  Metaspace: metaspace,
  Digits: ({ individual_digits }) => splitting(characterPattern(/\p{N}/gu), individual_digits === true ? 'Isolated' : 'Contiguous'),
  Punctuation: ({ behavior }, { refuse }) => splitting(characterPattern(PUNCTUATION), behaviorOf(behavior, 'Isolated', refuse)),
  Whitespace: () => splitting(characterPattern(WORD_OR_PUNCTUATION), 'Removed', true),
  WhitespaceSplit: () => splitting(characterPattern(/\p{White_Space}/gu), 'Removed'),
  CharDelimiterSplit: ({ delimiter }, { refuse }) => splitting(patternOf({ String: delimiter }, refuse), 'Removed')
}

const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu
const WORD_OR_PUNCTUATION = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200C\u200D]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200C\u200D\p{White_Space}]+/gu

/** @throws what `refuse` throws, for a stage that is not known */
export function preTokenizerOf(step: Step | null | undefined, build: Build): PreTokenizer {
  if (!step) return (pieces) => [...pieces]
  const known = Object.hasOwn(PRE_TOKENIZERS, step.type) ? PRE_TOKENIZERS[step.type] : undefined
  const supported = Object.keys(PRE_TOKENIZERS).join(', ')
  return known?.(step, build) ?? build.refuse(`its pre-tokenizer "${step.type}" is not supported (supported are: ${supported})`)
}

const Behavior = z.enum(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'])
type Behavior = z.infer<typeof Behavior>

function behaviorOf(given: unknown, fallback: Behavior, refuse: Build['refuse']): Behavior {
  const parsed = Behavior.safeParse(given ?? fallback)
  return parsed.success ? parsed.data : refuse(`its way of splitting "${String(given).slice(0, 40)}" is not known`)
}

function splitting(pattern: Pattern, behavior: Behavior, invert = false): PreTokenizer {
  return eachPiece((piece) => {
    const spans = pattern(piece.text).map((span) => (invert ? { ...span, matched: !span.matched } : span))
    return BEHAVIORS[behavior](spans).map(({ start, end }) => ({ text: piece.text.slice(start, end), first: piece.first && start === 0 }))
  })
}

/** How the matched stretches (delimiters) and the others become pieces. */
const BEHAVIORS: Readonly<Record<Behavior, (spans: Span[]) => Span[]>> = {
  Removed: (spans) => spans.filter(({ matched }) => !matched),
  Isolated: (spans) => spans,
  Contiguous: (spans) =>
    joined(spans, (span, before) => (span.matched === before.matched ? { ...before, end: span.end } : null)),
  MergedWithPrevious: (spans) =>
    joined(spans, (span, before, beforeMatched) => (span.matched && !beforeMatched ? { ...before, end: span.end } : null)),
  MergedWithNext: (spans) =>
    joined([...spans].reverse(), (span, after, afterMatched) => (span.matched && !afterMatched ? { ...after, start: span.start } : null)).reverse()
}

/** Walks through spans; `join` says what the last result becomes together with the next span, or null to begin another. */
function joined(spans: readonly Span[], join: (span: Span, last: Span, lastMatched: boolean) => Span | null): Span[] {
  const all: Span[] = []
  let lastMatched = false
  for (const span of spans) {
    const last = all.at(-1)
    const both = last ? join(span, last, lastMatched) : null
    if (both === null) all.push(span)
    else all[all.length - 1] = both
    lastMatched = span.matched
  }
  return all
}

function byteLevel({ add_prefix_space, use_regex }: Step, { refuse, begins }: Build): PreTokenizer {
  const split = use_regex === false ? null : splitting(patternOf(GPT2_PATTERN, refuse), 'Isolated')
  // Left out, it is true: the default of the Rust type, which older files rely on.
  const prefix = begins && add_prefix_space !== false
  return (pieces) => {
    const prefixed = prefix ? pieces.map(({ text, first }) => ({ text: text.startsWith(' ') ? text : ` ${text}`, first })) : pieces
    return (split ? split(prefixed) : prefixed).map(({ text, first }) => ({ text: spellBytes(text), first }))
  }
}

function metaspace(step: Step, { refuse, begins }: Build): PreTokenizer {
  const replacement = z.string().catch('▁').parse(step.replacement)
  const scheme = prependSchemeOf(step) ?? refuse('the prepend_scheme of its Metaspace is not known, or add_prefix_space contradicts it')
  const split = step.split === false ? null : splitting(patternOf({ String: replacement }, refuse), 'MergedWithNext')
  const marked = eachPiece(({ text, first }) => {
    const replaced = text.replaceAll(' ', replacement)
    const prepend = begins && !replaced.startsWith(replacement) && (scheme === 'always' || (scheme === 'first' && first))
    return [{ text: prepend ? replacement + replaced : replaced, first }]
  })
  return (pieces) => (split ? split(marked(pieces)) : marked(pieces))
}

/** When Metaspace puts a space in front; files from before 2024 say add_prefix_space instead. Null where they say no such thing. */
export function prependSchemeOf({ prepend_scheme, add_prefix_space }: Step): 'always' | 'first' | 'never' | null {
  const parsed = Scheme.safeParse(prepend_scheme ?? (add_prefix_space === false ? 'never' : 'always'))
  const contradicts = add_prefix_space === false && parsed.data !== 'never'
  return parsed.success && !contradicts ? parsed.data : null
}
const Scheme = z.enum(['always', 'first', 'never'])

function eachPiece(split: (piece: Piece) => Piece[]): PreTokenizer {
  return (pieces) => pieces.flatMap(split).filter(({ text }) => text !== '')
}
