/**
 * Differences between two generated texts, word by word, given back token by token.
 *
 * The texts are cut into words (a word keeps the whitespace before it; punctuation and each CJK character stand alone), the
 * shortest edit script between the two word lists is found (Myers), and every token that touches a changed word is marked.
 * Words instead of tokens, because two tokenisations of one word would otherwise differ in half of it.
 */
import { diffArrays } from 'diff'
import type { Token } from '../../shared/records/token'

export type DiffToken = Pick<Token, 'text' | 'hex'>

export interface TextDiff {
  /** One per token of the second text: does it touch a word that the first text does not have here? */
  changed: boolean[]
  /**
   * Words of the first text that are not here, each before a token of the second (its length: at the end); `replaced`
   * when changed words stand there instead.
   */
  removed: { before: number; text: string; replaced: boolean }[]
}

/** Beyond this many edits the texts have little in common, and all after the common start counts as changed. Bounds a call to a few tens of ms. */
const MAX_EDITS = 400

/** What differs in `tokens` from `base`. Byte fragments are compared by their bytes. */
export function diffTokens(base: readonly DiffToken[], tokens: readonly DiffToken[]): TextDiff {
  const texts = tokens.map(comparable)
  const before = cutWords(base.map(comparable).join(''))
  const after = cutWords(texts.join(''))
  const parts = diffArrays(before, after, { maxEditLength: MAX_EDITS }) ?? afterCommonStart(before, after)
  const changed = new Array<boolean>(tokens.length).fill(false)
  const removed: TextDiff['removed'] = []
  const starts = tokenStarts(texts)
  let place = 0
  for (const [index, part] of parts.entries()) {
    const text = part.value.join('')
    if (part.removed) {
      const replaced = (parts[index + 1]?.added ?? false) || (parts[index - 1]?.added ?? false)
      removed.push({ before: tokenAt(starts, place), text, replaced })
      continue
    }
    if (part.added) mark(changed, starts, place, place + text.length)
    place += text.length
  }
  return { changed, removed }
}

/** Words with the whitespace before them; each punctuation mark, and trailing whitespace, is a piece of its own. */
export function cutWords(text: string): string[] {
  return text.match(/\s*(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{M}\p{N}_'’-]+|[^\s])|\s+$/gu) ?? []
}

/** The text of a token as it takes part in the comparison: private-use characters stand for byte fragments. */
function comparable(token: DiffToken): string {
  if (token.hex === undefined) return token.text
  return token.hex
    .split(' ')
    .map((byte) => String.fromCharCode(0xe000 + parseInt(byte, 16)))
    .join('')
}

function tokenStarts(texts: readonly string[]): number[] {
  let place = 0
  return texts.map((text) => {
    const start = place
    place += text.length
    return start
  })
}

/** Index of the first token that starts at or after `place`; the number of tokens when there is none. */
function tokenAt(starts: readonly number[], place: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) < place) low = middle + 1
    else high = middle
  }
  return low
}

function mark(changed: boolean[], starts: readonly number[], from: number, to: number): void {
  const first = tokenAt(starts, from)
  // The word may begin inside the token before.
  for (let index = starts[first] === from ? first : Math.max(0, first - 1); index < starts.length; index++) {
    if ((starts[index] ?? 0) >= to) break
    changed[index] = true
  }
}

function afterCommonStart(before: readonly string[], after: readonly string[]): { value: string[]; added: boolean; removed: boolean }[] {
  let same = 0
  while (same < before.length && same < after.length && before[same] === after[same]) same++
  return [
    { value: after.slice(0, same), added: false, removed: false },
    { value: before.slice(same), added: false, removed: true },
    { value: after.slice(same), added: true, removed: false }
  ]
}
