/** Columns side by side: each text on its own colours, what differs from the baseline underlined, and the first token that does. */
import { formatNumber } from '../../../renderer/utils/format'
import { firstDivergence } from '../../../renderer/utils/live-comparison'
import { diffTokens } from '../../../renderer/utils/text-diff'
import type { Comparison, ComparisonColumn } from '../../../shared/records/steering'
import { html, type Html } from '../html'
import { nameOf, strip, stripLegend, tokenText, typed, type Scale } from '../parts'

export function texts(comparison: Comparison): Html {
  return html`<div class="columns">${comparison.columns.map((column, at) => text(column, at, comparison))}</div>
    ${legend(comparison)}`
}

/** Darker where the unsteered model finds a token more surprising (-log-probability). */
function text(column: ComparisonColumn, index: number, comparison: Comparison): Html {
  const base = comparison.columns[0]?.tokens ?? []
  const first = index === 0 ? null : firstDivergence(base, column.tokens)
  const { changed } = diffTokens(base, column.tokens)
  const logprobs = column.scores?.baselineLogprob
  const tokens = column.tokens.map((token, at) => ({
    token,
    value: -(logprobs?.[at] ?? 0),
    note: `token ${at + 1}: ${logprobs?.[at] === undefined ? 'not scored' : `log-probability ${formatNumber(logprobs[at])}`}${at === first ? '; the first that is not the baseline’s' : ''}`,
    changed: changed[at] === true,
    first: at === first
  }))
  return html`<section class="column">
    <h5>${nameOfColumn(column)}</h5>
    ${tokens.length === 0 ? html`<p class="soft">No token was generated.</p>` : strip(tokens, scaleOf(comparison))}
    <p class="soft">${FINISHED[column.finished]} ${index === 0 ? null : difference(column, first, base)}</p>
  </section>`
}

function difference({ tokens }: ComparisonColumn, first: number | null, base: ComparisonColumn['tokens']): Html {
  const own = first === null ? undefined : tokens[first]
  if (first === null || own === undefined)
    return html`${tokens.length < base.length ? 'As far as it goes, it is the baseline’s.' : 'Every token is the baseline’s.'}`
  const there = base[first]
  return html`First differs at token ${first + 1}: ${tokenText(own)}
  ${there === undefined ? 'where the baseline has ended' : html`for ${tokenText(there)}`}.`
}

const FINISHED = {
  length: 'Ended at the chosen length.',
  end: 'Ended by the model.',
  cancelled: 'Cancelled before its end.'
} as const

function scaleOf(comparison: Comparison): Scale {
  const all = comparison.columns.flatMap((column) => column.scores?.baselineLogprob ?? [])
  return { kind: 'size', limit: all.reduce((largest, value) => Math.max(largest, -value), 1) }
}

function legend(comparison: Comparison): Html {
  const scored = comparison.columns.some(({ scores }) => scores !== null)
  const words = 'Underlined: words that the baseline does not have there. Framed: the first token that is not the baseline’s.'
  return html`${scored ? stripLegend(scaleOf(comparison), 'surprise of each token: −log-probability under the unsteered model, nats') : null}
  ${comparison.columns.length > 1 ? html`<p class="soft">${words}</p>` : null}`
}

export function nameOfColumn({ recipe }: Pick<ComparisonColumn, 'recipe'>): Html {
  return recipe === null ? html`baseline` : typed(nameOf(recipe, 'recipe without a name'))
}
