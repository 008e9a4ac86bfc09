/** Added tokens: whole entries that are found in the text before anything else is done with it. */
import type { Change } from './types'
import { trimEnd, trimStart } from './text'

/** An entry of added_tokens. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  /** Only where no letter or digit touches it. */
  readonly single_word: boolean
  /** Whether it takes the white space at its left and right with it. */
  readonly lstrip: boolean
  readonly rstrip: boolean
  /** Whether it is looked for in the normalised text. */
  readonly normalized: boolean
}

/** A stretch of the text: an added token's id, or text that is still to be divided. */
export type Section = { readonly id: number } | { readonly text: string; readonly first: boolean }

/** Divides a text at the added tokens in it; the leftmost, among those the longest. */
export type Divide = (text: string) => Section[]

const LETTER_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u
const LETTER_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u

export function divideAt(tokens: readonly AddedToken[], change: Change): Divide {
  const root = treeOf(tokens.map((token) => [change(token.content), token]))
  if (root.below.size === 0) return (text) => (text === '' ? [] : [{ text, first: true }])

  return (text) => {
    const sections: Section[] = []
    let from = 0
    const plain = (end: number): void => void (end > from && sections.push({ text: text.slice(from, end), first: from === 0 }))
    for (let at = 0; at < text.length; ) {
      const found = longestAt(root, text, at)
      if (found && fits(found.token, text, at, found.end)) {
        const { id, lstrip, rstrip } = found.token
        plain(lstrip ? from + trimEnd(text.slice(from, at)).length : at)
        sections.push({ id })
        from = rstrip ? text.length - trimStart(text.slice(found.end)).length : found.end
        at = from
      } else at = found?.end ?? at + 1
    }
    plain(text.length)
    return sections
  }
}

/** All spellings by their code units, so that a place in the text is compared with thousands of them at once. */
interface Tree {
  readonly below: Map<number, Tree>
  token?: AddedToken
}

function treeOf(spellings: readonly (readonly [string, AddedToken])[]): Tree {
  const root: Tree = { below: new Map() }
  for (const [spelling, token] of spellings) {
    if (spelling === '') continue
    let node = root
    for (let at = 0; at < spelling.length; at++) {
      const unit = spelling.charCodeAt(at)
      const next = node.below.get(unit) ?? { below: new Map<number, Tree>() }
      node.below.set(unit, next)
      node = next
    }
    node.token = token
  }
  return root
}

function longestAt(root: Tree, text: string, start: number): { token: AddedToken; end: number } | null {
  let longest: { token: AddedToken; end: number } | null = null
  let node = root.below.get(text.charCodeAt(start))
  for (let end = start + 1; node !== undefined; end++) {
    if (node.token) longest = { token: node.token, end }
    node = end < text.length ? node.below.get(text.charCodeAt(end)) : undefined
  }
  return longest
}

function fits(token: AddedToken, text: string, start: number, end: number): boolean {
  if (!token.single_word) return true
  return !LETTER_BEFORE.test(text.slice(Math.max(0, start - 2), start)) && !LETTER_AFTER.test(text.slice(end, end + 2))
}
