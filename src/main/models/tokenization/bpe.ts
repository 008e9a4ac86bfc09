/**
 * Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909): a piece begins as its characters; of all neighbouring pairs
 * that have a rank, the lowest rank is merged first, the leftmost among equals, until none is left. Bytes of characters that
 * the vocabulary lacks take part as "<0xNN>" where the file says byte_fallback.
 */
import { bytesOfText } from './text'
import type { Encoder } from './types'

/** What a pair of neighbours becomes; ranks are at most 2^26. */
export interface Merge {
  readonly rank: number
  readonly id: number
}

export interface BpeOptions {
  readonly ids: ReadonlyMap<string, number>
  /** The merge of two neighbours, or undefined. */
  readonly mergeOf: (left: number, right: number) => Merge | undefined
  readonly unk: number | undefined
  readonly fuseUnk: boolean
  readonly byteFallback: boolean
  /** A piece that is in the vocabulary as a whole is not merged up to (Llama 3). */
  readonly ignoreMerges: boolean
  /** Put in front of every character but the first, and behind the last, before looking them up. */
  readonly prefix: string
  readonly suffix: string
}

/** Words recur; their ids are remembered. 50,000 words of up to 32 characters take about 10 MB. */
const REMEMBERED = 50_000
const LONGEST_REMEMBERED = 32

export function createBpe(options: BpeOptions): Encoder {
  const known = new Map<string, readonly number[]>()
  return (piece, ids) => {
    const whole = options.ignoreMerges ? options.ids.get(piece) : undefined
    if (whole !== undefined) return void ids.push(whole)
    if (piece.length > LONGEST_REMEMBERED) return void append(ids, merged(symbolsOf(piece, options), options))
    let found = known.get(piece)
    if (found === undefined) {
      found = merged(symbolsOf(piece, options), options)
      if (known.size >= REMEMBERED) known.clear()
      known.set(piece, found)
    }
    append(ids, found)
  }
}

/** Not ids.push(...more): the arguments of one call are limited to some tens of thousands. */
function append(ids: number[], more: readonly number[]): void {
  for (const id of more) ids.push(id)
}

/** The ids of a piece's characters. One that is neither known nor spelt in bytes becomes `unk`, or nothing where there is none. */
function symbolsOf(piece: string, { ids, unk, fuseUnk, byteFallback, prefix, suffix }: BpeOptions): number[] {
  const symbols: number[] = []
  let at = 0
  let afterUnk = false
  for (const character of piece) {
    const isFirst = at === 0
    at += character.length
    const entry = (isFirst ? '' : prefix) + character + (at === piece.length ? suffix : '')
    const id = ids.get(entry)
    const bytes = id === undefined && byteFallback ? fallbackIds(entry, ids) : null
    if (id !== undefined) symbols.push(id)
    else if (bytes !== null) append(symbols, bytes)
    else if (unk !== undefined && !(fuseUnk && afterUnk)) symbols.push(unk)
    afterUnk = id === undefined && bytes === null && unk !== undefined
  }
  return symbols
}

/** The ids of "<0xNN>" for a text's bytes, or null when one is missing. */
export function fallbackIds(text: string, ids: ReadonlyMap<string, number>): number[] | null {
  const found: number[] = []
  for (const byte of bytesOfText(text)) {
    const id = ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    if (id === undefined) return null
    found.push(id)
  }
  return found
}

/**
 * Merges in O(n log n): a heap holds each pair that has a rank, as rank * 2^26 + position of its left half. What a merge has
 * made stale is recognised when it is taken out: its left half is gone, or the pair there has another rank now.
 */
function merged(symbols: number[], { mergeOf }: BpeOptions): readonly number[] {
  const { length } = symbols
  if (length < 2) return symbols
  const next = Int32Array.from({ length }, (_, at) => (at + 1 < length ? at + 1 : -1))
  const previous = Int32Array.from({ length }, (_, at) => at - 1)
  const heap: number[] = []
  const mergeAt = (at: number): Merge | undefined => {
    const right = next[at] ?? -1
    return right < 0 ? undefined : mergeOf(symbols[at] ?? -1, symbols[right] ?? -1)
  }
  const offer = (at: number): void => {
    const merge = mergeAt(at)
    if (merge !== undefined) push(heap, merge.rank * POSITIONS + at)
  }
  for (let at = 0; at + 1 < length; at++) offer(at)
  for (let key = pop(heap); key !== undefined; key = pop(heap)) {
    const at = key % POSITIONS
    const merge = symbols[at] === GONE ? undefined : mergeAt(at)
    if (merge?.rank !== Math.floor(key / POSITIONS)) continue
    const right = next[at] ?? -1
    const after = next[right] ?? -1
    symbols[at] = merge.id
    symbols[right] = GONE
    next[at] = after
    if (after >= 0) previous[after] = at
    const before = previous[at] ?? -1
    if (before >= 0) offer(before)
    offer(at)
  }
  return symbols.filter((id) => id !== GONE)
}

const GONE = -1
const POSITIONS = 2 ** 26

function push(heap: number[], key: number): void {
  let at = heap.length
  heap.push(key)
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent] ?? 0
    if (above <= key) break
    heap[at] = above
    at = parent
  }
  heap[at] = key
}

function pop(heap: number[]): number | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (top === undefined || last === undefined || heap.length === 0) return top
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++
    const below = heap[child] ?? 0
    if (below >= last) break
    heap[at] = below
    at = child
  }
  heap[at] = last
  return top
}
