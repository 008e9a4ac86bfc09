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

export function createUnigram({ entries, ids, hidden, unk, byteFallback, refuse }: UnigramOptions): Encoder {
  const lowest = entries.reduce((least, [, score]) => Math.min(least, score), Infinity)
  const visible = entries.flatMap(([entry, score], id) => (hidden.has(id) || entry === '' ? [] : [{ entry, score, id }]))
  const longest = visible.find(({ entry }) => entry.length > LONGEST_ENTRY)
  if (longest) return refuse(`its piece ${JSON.stringify(longest.entry.slice(0, 40))}... has more than ${LONGEST_ENTRY} characters`)
  const prefixes = createPrefixSearch(visible)

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

/** Entries in the order of their code units: those with a common beginning lie together, found by halving. */
function createPrefixSearch(entries: readonly { entry: string; score: number; id: number }[]): PrefixSearch {
  const sorted = [...entries].sort((a, b) => (a.entry < b.entry ? -1 : a.entry > b.entry ? 1 : a.id - b.id))
  const unit = (index: number, depth: number): number => sorted[index]?.entry.charCodeAt(depth) ?? NaN
  /** The first of [low, high) whose unit at `depth` is at least `wanted`; entries that end there come first. */
  const lowerBound = (low: number, high: number, depth: number, wanted: number): number => {
    let [from, to] = [low, high]
    while (from < to) {
      const middle = (from + to) >> 1
      if (unit(middle, depth) >= wanted) to = middle
      else from = middle + 1
    }
    return from
  }
  return (text, start, found) => {
    let [low, high] = [0, sorted.length]
    for (let depth = 0; start + depth < text.length && low < high; depth++) {
      const wanted = text.charCodeAt(start + depth)
      low = lowerBound(low, high, depth, wanted)
      high = lowerBound(low, high, depth, wanted + 1)
      const entry = sorted[low]
      if (low < high && entry?.entry.length === depth + 1) found(depth + 1, entry.score, entry.id)
    }
  }
}
