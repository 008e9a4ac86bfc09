/** Which texts are asked about, and which stands left: hidden, mixed, and the same whenever the comparison is opened again. */
import type { Mark, MarkQuestion } from '../../shared/records/marks'

export interface BlindPair {
  readonly left: number
  readonly right: number
}

/**
 * Every pair of different texts once, in an order and with sides that `seed` and the question decide. Texts that are equal to the letter are
 * not asked about: nobody could tell them apart.
 */
export function blindPlan(texts: readonly string[], question: MarkQuestion, seed: string): BlindPair[] {
  const random = randomFrom(`${seed} ${question}`)
  const pairs = texts.flatMap((text, a) => texts.flatMap((other, b) => (b > a && text !== other ? [[a, b] as const] : [])))
  const mixed = pairs.map(([a, b]) => ({ pair: random() < 0.5 ? { left: a, right: b } : { left: b, right: a }, key: random() }))
  return mixed.sort((one, other) => one.key - other.key).map(({ pair }) => pair)
}

/** The pairs of a plan that no mark answers yet. */
export function openPairs(plan: readonly BlindPair[], marks: readonly Mark[], question: MarkQuestion): BlindPair[] {
  const done = new Set(marks.filter((mark) => mark.question === question).map(keyOf))
  return plan.filter((pair) => !done.has(keyOf(pair)))
}

const keyOf = ({ left, right }: BlindPair): string => `${Math.min(left, right)} ${Math.max(left, right)}`

/** Numbers in [0, 1) from a text: its FNV-1a hash starts mulberry32 (T. Ettinger 2017, public domain). */
function randomFrom(text: string): () => number {
  let state = 0x811c9dc5
  for (const letter of text) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
