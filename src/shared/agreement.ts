/** What people said of two texts without knowing whose they are, and how often the scores say the same. Pure. */
import type { Mark, MarkQuestion } from './records/marks'
import type { ComparisonColumn } from './records/steering'

type Measured = Pick<ComparisonColumn, 'measures'>

/** A question, in words that say "this one ..", and the score that answers it too. */
export interface QuestionInfo {
  readonly words: string
  readonly score: string
  of(column: Measured | undefined): number | null
}

export const QUESTIONS: Readonly<Record<MarkQuestion, QuestionInfo>> = {
  concept: { words: 'more of the concept', score: 'concept', of: (column) => column?.measures?.concept?.value ?? null },
  fluency: { words: 'reads better', score: 'fluency', of: (column) => column?.measures?.fluency.value ?? null },
  better: { words: 'better', score: 'overall', of: (column) => column?.measures?.overall ?? null }
}

/** Two columns and what was said of them, whichever stood on the left. */
export interface MarkedPair {
  readonly question: MarkQuestion
  readonly columns: readonly [number, number]
  readonly chosen: [number, number]
  ties: number
}

/** Marks by question and pair of columns, in the order in which they first came. */
export function pairsOf(marks: readonly Mark[]): MarkedPair[] {
  const pairs = new Map<string, MarkedPair>()
  for (const { question, left, right, choice } of marks) {
    const columns: [number, number] = [Math.min(left, right), Math.max(left, right)]
    const key = JSON.stringify([question, columns])
    const pair = pairs.get(key) ?? { question, columns, chosen: [0, 0], ties: 0 }
    pairs.set(key, pair)
    if (choice === 'tie') pair.ties += 1
    else pair.chosen[(choice === 'left' ? left : right) === columns[0] ? 0 : 1] += 1
  }
  return [...pairs.values()]
}

/** Of the marks that chose a text, those that chose the one of the higher score; marks of texts whose scores are equal or missing do not count. */
export function agreementOf(pairs: readonly MarkedPair[], columns: readonly Measured[]): { agree: number; of: number } {
  const found = { agree: 0, of: 0 }
  for (const pair of pairs) {
    const [first, second] = pair.columns
    const { of } = QUESTIONS[pair.question]
    const [a, b] = [of(columns[first]), of(columns[second])]
    if (a === null || b === null || a === b) continue
    found.agree += a > b ? pair.chosen[0] : pair.chosen[1]
    found.of += pair.chosen[0] + pair.chosen[1]
  }
  return found
}

/** How often a column was chosen, and how often it was asked about with an answer that was no tie. */
export function choicesOf(pairs: readonly MarkedPair[], column: number): { chosen: number; of: number } {
  const found = { chosen: 0, of: 0 }
  for (const { columns, chosen } of pairs) {
    const at = columns.indexOf(column)
    if (at < 0) continue
    found.chosen += chosen[at] ?? 0
    found.of += chosen[0] + chosen[1]
  }
  return found
}

/** 95 % interval of a share, Wilson 1927: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.96. `of` is at least 1. */
export function wilson(hits: number, of: number): { low: number; high: number } {
  const z = 1.959963984540054
  const share = hits / of
  const middle = share + (z * z) / (2 * of)
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))
  const whole = 1 + (z * z) / of
  return { low: Math.max(0, (middle - half) / whole), high: Math.min(1, (middle + half) / whole) }
}
