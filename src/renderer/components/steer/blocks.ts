/** A growing text cut into blocks of tokens that stay the same objects while nothing in them changes. */
import type { GeneratedToken } from '../../../shared/records/steering'
import type { TextDiff } from '../../utils/text-diff'

export interface TokenMarks {
  changed: readonly boolean[]
  /** Words of the baseline that are missing before a token, with nothing in their place. */
  missing: readonly (string | null)[]
  /** Words of the baseline in whose place the words from a token on stand. */
  replaced: readonly (string | null)[]
  /** Place in the block of the first token that is not the baseline's, and what the baseline has there ("" where it has ended); null elsewhere. */
  diverges: { readonly at: number; readonly baseline: string } | null
  /** Log-probabilities to colour by; null leaves the text uncoloured. */
  logprobs: readonly number[] | null
}

export interface Block {
  start: number
  tokens: readonly GeneratedToken[]
  marks: TokenMarks
}

export const BLOCK = 32

/**
 * Cuts `tokens` into blocks. A block of `before` is used again when its tokens are the same objects and its marks are
 * equal, so that what draws it has nothing to do.
 */
export function cutBlocks(
  tokens: readonly GeneratedToken[],
  diff: TextDiff | null,
  logprobs: readonly number[] | null,
  before: readonly Block[],
  divergence: { readonly index: number; readonly baseline: string } | null = null
): Block[] {
  const missing = new Map<number, string>()
  const replaced = new Map<number, string>()
  for (const { before: place, text, replaced: instead } of diff?.removed ?? []) {
    const words = instead ? replaced : missing
    words.set(place, (words.get(place) ?? '') + text)
  }
  return Array.from({ length: Math.ceil(tokens.length / BLOCK) }, (_, index) => {
    const start = index * BLOCK
    const slice = tokens.slice(start, start + BLOCK)
    const marks: TokenMarks = {
      changed: diff?.changed.slice(start, start + BLOCK) ?? [],
      missing: slice.map((_, at) => missing.get(start + at) ?? null),
      replaced: slice.map((_, at) => replaced.get(start + at) ?? null),
      diverges:
        divergence && divergence.index >= start && divergence.index < start + BLOCK
          ? { at: divergence.index - start, baseline: divergence.baseline }
          : null,
      logprobs: logprobs?.slice(start, start + BLOCK) ?? null
    }
    const old = before[index]
    return old && sameItems(old.tokens, slice) && sameMarks(old.marks, marks) ? old : { start, tokens: slice, marks }
  })
}

/** Words of the baseline that are missing after the last token. */
export function missingAtEnd(diff: TextDiff | null, length: number): string {
  return (diff?.removed ?? [])
    .filter(({ before }) => before >= length)
    .map(({ text }) => text)
    .join('')
}

function sameMarks(a: TokenMarks, b: TokenMarks): boolean {
  return (
    sameItems(a.changed, b.changed) &&
    sameItems(a.missing, b.missing) &&
    sameItems(a.replaced, b.replaced) &&
    a.diverges?.at === b.diverges?.at &&
    a.diverges?.baseline === b.diverges?.baseline &&
    sameItems(a.logprobs ?? [], b.logprobs ?? [])
  )
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
