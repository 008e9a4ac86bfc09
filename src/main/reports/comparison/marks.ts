/** What people said of the texts without knowing whose they are, and how often the scores say the same. */
import { formatNumber, formatShare, plural } from '../../../renderer/utils/format'
import type { Mark, MarkQuestion } from '../../../shared/records/marks'
import type { Comparison, ComparisonColumn } from '../../../shared/records/steering'
import { html, type Html } from '../html'
import { table } from '../parts'
import { nameOfColumn } from './texts'

const QUESTIONS: Record<MarkQuestion, { readonly words: string; readonly score: string; of(column: ComparisonColumn): number | null }> = {
  concept: { words: 'more of the concept', score: 'concept', of: ({ measures }) => measures?.concept?.value ?? null },
  fluency: { words: 'reads better', score: 'fluency', of: ({ measures }) => measures?.fluency.value ?? null },
  better: { words: 'better', score: 'overall', of: ({ measures }) => measures?.overall ?? null }
}

/** Two columns and what was said of them, whichever stood on the left. */
interface Pair {
  readonly question: MarkQuestion
  readonly columns: readonly [number, number]
  readonly chosen: [number, number]
  ties: number
}

/** Marks by question and pair of columns, in the order in which they first came. */
export function pairsOf(marks: readonly Mark[]): Pair[] {
  const pairs = new Map<string, Pair>()
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
export function agreementOf(pairs: readonly Pair[], { columns }: Pick<Comparison, 'columns'>): { agree: number; of: number } {
  const found = { agree: 0, of: 0 }
  for (const {
    question,
    columns: [first, second],
    chosen
  } of pairs) {
    const [one, other] = [columns[first], columns[second]]
    const [a, b] = [one ? QUESTIONS[question].of(one) : null, other ? QUESTIONS[question].of(other) : null]
    if (a === null || b === null || a === b) continue
    found.agree += a > b ? chosen[0] : chosen[1]
    found.of += chosen[0] + chosen[1]
  }
  return found
}

/** Null where there are no marks. */
export function marksHtml(marks: readonly Mark[], comparison: Comparison): Html | null {
  if (marks.length === 0) return null
  const pairs = pairsOf(marks)
  const nameOf = (index: number): Html => {
    const column = comparison.columns[index]
    return column ? nameOfColumn(column) : html`column ${index + 1}, which is not there`
  }
  const scoreOf = ({ question, columns }: Pair): string =>
    columns.map((index) => formatNumber(QUESTIONS[question].of(comparison.columns[index] ?? NOTHING))).join(' : ')
  return html`<h4>Blind marks</h4>
    ${table(
      'How often each of two texts was chosen by people who did not know whose they were; the score of the same beside it',
      [
        { name: 'which has or is' },
        { name: 'first' },
        { name: 'second' },
        { name: 'chosen first : second', numeric: true },
        { name: 'neither', numeric: true },
        { name: 'score', numeric: true },
        { name: 'first : second', numeric: true }
      ],
      pairs.map((pair) => [
        QUESTIONS[pair.question].words,
        nameOf(pair.columns[0]),
        nameOf(pair.columns[1]),
        pair.chosen.join(' : '),
        String(pair.ties),
        QUESTIONS[pair.question].score,
        scoreOf(pair)
      ])
    )}
    <p>${sentence(agreementOf(pairs, comparison))}</p>`
}

const NOTHING: ComparisonColumn = { recipe: null, tokens: [], text: '', finished: 'cancelled', scores: null }

function sentence({ agree, of }: { agree: number; of: number }): string {
  if (of === 0) return 'No mark chose between texts whose scores differ, so the scores cannot be held against them.'
  const { low, high } = wilson(agree, of)
  return `Of ${plural(of, 'mark')} that chose between texts with different scores, ${agree} chose the one with the higher score: ${formatShare(agree / of)} (95 % interval ${formatShare(low)} to ${formatShare(high)}).`
}

/** Interval of a share, Wilson 1927: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.96. */
function wilson(hits: number, of: number): { low: number; high: number } {
  const z = 1.959963984540054
  const share = hits / of
  const middle = share + (z * z) / (2 * of)
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))
  const whole = 1 + (z * z) / of
  return { low: Math.max(0, (middle - half) / whole), high: Math.min(1, (middle + half) / whole) }
}
