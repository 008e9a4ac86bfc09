/** What people said of the texts without knowing whose they are, and how often the scores say the same. */
import { formatNumber, formatShare, plural } from '../../../renderer/utils/format'
import { agreementOf, pairsOf, QUESTIONS, wilson, type MarkedPair } from '../../../shared/agreement'
import type { Mark } from '../../../shared/records/marks'
import type { Comparison } from '../../../shared/records/steering'
import { html, type Html } from '../html'
import { table } from '../parts'
import { nameOfColumn } from './texts'

/** Null where there are no marks. */
export function marksHtml(marks: readonly Mark[], comparison: Comparison): Html | null {
  if (marks.length === 0) return null
  const pairs = pairsOf(marks)
  const nameOf = (index: number): Html => {
    const column = comparison.columns[index]
    return column ? nameOfColumn(column) : html`column ${index + 1}, which is not there`
  }
  const scoreOf = ({ question, columns }: MarkedPair): string =>
    columns.map((index) => formatNumber(QUESTIONS[question].of(comparison.columns[index]))).join(' : ')
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
    <p>${sentence(agreementOf(pairs, comparison.columns))}</p>`
}

function sentence({ agree, of }: { agree: number; of: number }): string {
  if (of === 0) return 'No mark chose between texts whose scores differ, so the scores cannot be held against them.'
  const { low, high } = wilson(agree, of)
  return `Of ${plural(of, 'mark')} that chose between texts with different scores, ${agree} chose the one with the higher score: ${formatShare(agree / of)} (95 % interval ${formatShare(low)} to ${formatShare(high)}).`
}
