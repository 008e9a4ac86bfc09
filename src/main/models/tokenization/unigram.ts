/**
 * The unigram language model (Kudo 2018, arXiv 1804.10959): of all ways to divide a piece, the one whose entries have the
 * highest sum of log-probabilities (Viterbi). A character that no entry covers costs the lowest score less 10; neighbours
 * of that kind are one unknown entry, or their bytes where the file says byte_fallback.
 */
import { fallbackIds } from './bpe'
import type { Encoder, Refuse } from './types'

export interface UnigramOptions {
  /** Entries in the order of their ids, with their log-probabilities. */
  readonly entries: readonly (readonly [string, number])[]
  readonly ids: ReadonlyMap<string, number>
  /** Ids that are never found in a text: control tokens that a person may have spelt. */
  readonly hidden: ReadonlySet<number>
  readonly unk: number | undefined
  readonly byteFallback: boolean
  readonly refuse: Refuse
}

const UNKNOWN_PENALTY = 10
/** Bounds the work for each character; SentencePiece's own limit is 16 unless it is trained with another one. */
const LONGEST_ENTRY = 1024
/** Half a million pieces of eight characters. */
const MOST_UNITS = 2 ** 22

export function createUnigram({ entries, ids, hidden, unk, byteFallback, refuse }: UnigramOptions): Encoder {
  const lowest = entries.reduce((least, [, score]) => Math.min(least, score), Infinity)
  const visible = entries.flatMap(([entry, score], id) => (hidden.has(id) || entry === '' ? [] : [{ entry, score, id }]))
  const longest = visible.find(({ entry }) => entry.length > LONGEST_ENTRY)
  if (longest) return refuse(`its piece ${JSON.stringify(longest.entry.slice(0, 40))}... has more than ${LONGEST_ENTRY} characters`)
  const prefixes = createPrefixSearch(visible, refuse)

  return (piece, out) => {
    const { from, entryAt } = bestPath(piece, prefixes, lowest - UNKNOWN_PENALTY, unk ?? -1)
    const path: { id: number; text: string }[] = []
    for (let end = piece.length; end > 0; end = from[end] ?? 0) {
      const text = piece.slice(from[end], end)
      const id = entryAt[end] ?? UNKNOWN
      const after = path.at(-1)
      // Neighbouring unknown characters are one entry.
      if (id === UNKNOWN && after?.id === UNKNOWN) after.text = text + after.text
      else path.push({ id, text })
    }
    for (const { id, text } of path.reverse()) {
      const known = id === UNKNOWN ? ids.get(text) : id
      const bytes = known === undefined && byteFallback ? fallbackIds(text, ids) : null
      if (known !== undefined) out.push(known)
      else if (bytes !== null) out.push(...bytes)
      else if (unk !== undefined) out.push(unk)
      else refuse(`it has no entry for ${JSON.stringify(text.slice(0, 40))} and no unknown token`)
    }
  }
}

const UNKNOWN = -1

/** For each end in `piece`, where its best last entry begins, and that entry's id (-1: unknown). */
function bestPath(piece: string, search: PrefixSearch, unknownScore: number, unk: number): { from: Int32Array; entryAt: Int32Array } {
  const best = new Float64Array(piece.length + 1).fill(NaN)
  const from = new Int32Array(piece.length + 1)
  const entryAt = new Int32Array(piece.length + 1).fill(UNKNOWN)
  best[0] = 0
  const offer = (start: number, end: number, score: number, id: number): void => {
    const total = (best[start] ?? NaN) + score
    // NaN stands for "not reached yet". Among equals the one found first stays.
    const before = best[end] ?? NaN
    if (before >= total) return
    best[end] = total
    from[end] = start
    entryAt[end] = id
  }
  for (let start = 0; start < piece.length; start++) {
    if (Number.isNaN(best[start])) continue
    const single = (piece.codePointAt(start) ?? 0) > 0xffff ? 2 : 1
    let covered = false
    search(piece, start, (length, score, id) => {
      offer(start, start + length, score, id === unk ? UNKNOWN : id)
      covered ||= length === single
    })
    if (!covered) offer(start, start + single, unknownScore, UNKNOWN)
  }
  return { from, entryAt }
}

/** Calls `found` for each entry that `text` has at `start`, the shortest first. */
type PrefixSearch = (text: string, start: number, found: (length: number, score: number, id: number) => void) => void

/**
 * A tree of code units: the way from the root spells an entry. The branches of all nodes lie in one table (open addressing,
 * at most half full), because 250,000 entries have two million nodes.
 */
function createPrefixSearch(entries: readonly { entry: string; score: number; id: number }[], refuse: Refuse): PrefixSearch {
  const most = entries.reduce((sum, { entry }) => sum + entry.length, 1)
  if (most > MOST_UNITS) return refuse(`its pieces hold more than ${MOST_UNITS} characters together`)
  const mask = 2 ** Math.ceil(Math.log2(2 * most)) - 1
  /** Node and unit of the branch in each slot; -1 where there is none. */
  const parents = new Int32Array(mask + 1).fill(-1)
  const units = new Uint16Array(mask + 1)
  const children = new Int32Array(mask + 1)
  const slotOf = (node: number, unit: number): number => {
    let slot = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)
    slot = (slot ^ (slot >>> 15)) & mask
    while (parents[slot] !== -1 && (parents[slot] !== node || units[slot] !== unit)) slot = (slot + 1) & mask
    return slot
  }
  /** The entry that ends at each node, or -1. */
  const ends = new Int32Array(most).fill(-1)
  let nodes = 1
  for (const [index, { entry }] of entries.entries()) {
    let node = 0
    for (let at = 0; at < entry.length; at++) {
      const slot = slotOf(node, entry.charCodeAt(at))
      if (parents[slot] === -1) {
        parents[slot] = node
        units[slot] = entry.charCodeAt(at)
        children[slot] = nodes++
      }
      node = children[slot] ?? 0
    }
    ends[node] = index
  }
  return (text, start, found) => {
    let node = 0
    for (let at = start; at < text.length; at++) {
      const slot = slotOf(node, text.charCodeAt(at))
      if (parents[slot] === -1) return
      node = children[slot] ?? 0
      const entry = entries[ends[node] ?? -1]
      if (entry !== undefined) found(at + 1 - start, entry.score, entry.id)
    }
  }
}
