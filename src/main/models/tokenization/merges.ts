/** The merges of a BPE file: pairs of pieces, the most important first. */
import type { Merge } from './bpe'
import type { Refuse } from './types'

/** Gemma 2 has 580,604. */
const MOST_MERGES = 2 ** 21

/**
 * Reads "a b" strings or ["a", "b"] arrays into a table of ids. Gemma 3 has 514,906 of them, and a Map of objects would take
 * five times the room of these arrays: open addressing, at most half full.
 */
export function mergeTable(
  merges: readonly unknown[],
  ids: ReadonlyMap<string, number>,
  prefix: string,
  refuse: Refuse
): (left: number, right: number) => Merge | undefined {
  if (merges.length > MOST_MERGES) return refuse(`it has more than ${MOST_MERGES} merges`)
  const capacity = 2 ** Math.ceil(Math.log2(2 * merges.length + 2))
  const mask = capacity - 1
  const lefts = new Int32Array(capacity).fill(-1)
  const rights = new Int32Array(capacity)
  const made = new Int32Array(capacity)
  const ranks = new Int32Array(capacity)
  const slotOf = (left: number, right: number): number => {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0
    slot = (slot ^ (slot >>> 15)) & mask
    while (lefts[slot] !== -1 && (lefts[slot] !== left || rights[slot] !== right)) slot = (slot + 1) & mask
    return slot
  }
  for (const [rank, merge] of merges.entries()) {
    const [a, b] = pairOf(merge) ?? refuse(`its merge ${rank + 1} is not a pair of pieces`)
    const both = a + (prefix !== '' && b.startsWith(prefix) ? b.slice(prefix.length) : b)
    const id = (piece: string): number => ids.get(piece) ?? refuse(`its merge ${rank + 1} names the piece ${JSON.stringify(piece.slice(0, 60))}, which is not in its vocabulary`)
    const left = id(a)
    const right = id(b)
    const slot = slotOf(left, right)
    lefts[slot] = left
    rights[slot] = right
    made[slot] = id(both)
    ranks[slot] = rank
  }
  return (left, right) => {
    const slot = slotOf(left, right)
    return lefts[slot] === -1 ? undefined : { rank: ranks[slot] ?? 0, id: made[slot] ?? 0 }
  }
}

function pairOf(merge: unknown): readonly [string, string] | null {
  if (typeof merge === 'string') {
    // By hand: split makes an array for each of half a million merges.
    const space = merge.indexOf(' ')
    return space > 0 && space < merge.length - 1 && merge.lastIndexOf(' ') === space ? [merge.slice(0, space), merge.slice(space + 1)] : null
  }
  const parts: unknown[] = Array.isArray(merge) ? merge : []
  const [a, b] = parts
  return parts.length === 2 && typeof a === 'string' && typeof b === 'string' && a !== '' && b !== '' ? [a, b] : null
}
