/** What the columns score: every part of each score, the numbers along the text as means, and how the scores come about. */
import { formatNumber, formatShare } from '../../../renderer/utils/format'
import { firstDivergence } from '../../../renderer/utils/live-comparison'
import { scoreParts } from '../../../renderer/utils/score-parts'
import type { ChangedLatent } from '../../../shared/records/scores'
import type { Comparison, ComparisonColumn } from '../../../shared/records/steering'
import { html, type Html } from '../html'
import { table, tokenText, typed } from '../parts'
import { nameOfColumn } from './texts'
import type { Known } from './words'

/** Recipes beside the baseline in one table; more would not fit on paper. */
const RECIPES_AT_ONCE = 5

export function scores(comparison: Comparison): Html {
  const [baseline, ...recipes] = comparison.columns
  if (!baseline) return html``
  const parts = Array.from({ length: Math.max(1, Math.ceil(recipes.length / RECIPES_AT_ONCE)) }, (_, at) =>
    recipes.slice(at * RECIPES_AT_ONCE, (at + 1) * RECIPES_AT_ONCE)
  )
  return html`${parts.map((some) => scoreTable(comparison, [baseline, ...some]))} ${formula(comparison)}`
}

type Row = readonly [name: Html | string, ...cells: string[]]

function scoreTable(comparison: Comparison, columns: readonly ComparisonColumn[]): Html {
  const named = columns.map(nameOfColumn)
  const rows = [...measureRows(columns), ...alongRows(comparison, columns)]
  return html`<div class="scores">${table('', [{ name: '' }, ...named.map((name) => ({ name, numeric: true }))], rows)}</div>`
}

/** Overall, concept, fluency and relatedness, each with its parts below it. What no column has is left out. */
function measureRows(columns: readonly ComparisonColumn[]): Row[] {
  const groups = columns.map(({ measures }) => (measures ? scoreParts(measures) : []))
  const names = groups.find((own) => own.length > 0)?.map(({ name }) => name) ?? []
  return names.flatMap((name): Row[] => {
    const own = groups.map((group) => group.find((each) => each.name === name) ?? null)
    if (own.every((group) => group === null || group.value === null)) return []
    // Two parts may have one name; what they mean tells them apart. In the order of the column with the most.
    const lists = own.map((group) => group?.parts ?? []).sort((a, b) => b.length - a.length)
    const parts = new Map(lists.flat().map((part) => [part.hint, part.name]))
    return [
      [html`<strong>${name}, 0 to 2</strong>`, ...own.map((group) => formatNumber(group?.value ?? null))],
      ...[...parts].map(([hint, part]): Row => [
        html`<span class="part">${part}</span>`,
        ...own.map((group) => {
          const found = group?.parts.find((each) => each.hint === hint)
          return found?.share === true ? formatShare(found.value) : formatNumber(found?.value)
        })
      ])
    ]
  })
}

/** What is known of every token, as means over the text. */
function alongRows({ target, watched = [], columns: all }: Comparison, columns: readonly ComparisonColumn[]): Row[] {
  const row = (name: Html | string, of: (column: ComparisonColumn) => number | null, digits = 3): Row => [
    name,
    ...columns.map((column) => formatNumber(of(column), digits))
  ]
  const mean = (values: readonly (number | null | undefined)[]): number | null => {
    const known = values.filter((value) => value !== null && value !== undefined)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
  }
  const base = all[0]?.tokens ?? []
  const sizes = (column: ComparisonColumn): number[] => column.tokens.flatMap(({ editSize }) => (editSize === undefined ? [] : [editSize]))
  const rows: Row[] = [
    // Part of the fluency already where that is measured.
    ...(columns.some(({ measures }) => measures)
      ? []
      : [row('perplexity under the unsteered model', ({ scores: own }) => own?.perplexity ?? null)]),
    row('KL(steered ‖ unsteered), nats, mean', ({ scores: own }) => mean(own?.kl ?? [])),
    row('size of the edit beside the residual stream, mean', (column) => mean(sizes(column))),
    row('the same, largest', (column) => sizes(column).reduce<number | null>((largest, size) => Math.max(largest ?? 0, size), null)),
    row('the same over the prompt, mean', ({ promptEditSizes = [] }) => mean(promptEditSizes)),
    ...(target === null ? [] : [row(probabilityOf(target), ({ tokens }) => mean(tokens.map((token) => token.targetProbability)))]),
    ...watched.map((token, at) => row(probabilityOf(token), ({ tokens }) => mean(tokens.map((each) => each.watched?.[at]))))
  ]
  const place = (column: ComparisonColumn): number | null => {
    const first = firstDivergence(base, column.tokens)
    return first === null ? null : first + 1
  }
  return [
    ...rows.filter(([, ...cells]) => cells.some((cell) => cell !== '–')),
    row('first token that is not the baseline’s', place),
    row('tokens', ({ tokens }) => tokens.length)
  ]
}

const probabilityOf = (token: Parameters<typeof tokenText>[0]): Html => html`probability of ${tokenText(token)}, mean`

function formula({ formula: lines = [] }: Comparison): Html | null {
  if (lines.length === 0) return null
  return html`<h4>How the scores come about</h4>
    <ul class="formulas">
      ${lines.map((line) => html`<li>${line}</li>`)}
    </ul>
    <p class="soft">
      No judge is asked: the parts are formulas, on the scale of AxBench (arXiv 2501.17148), whose parts are ratings of a language model.
    </p>`
}

/** Latents of the bench's SAE that each edit raised and lowered, with their labels. */
export function changedLatents({ columns }: Comparison, known: Known): Html | null {
  const changed = columns.filter(({ measures }) => measures && measures.rose.length + measures.fell.length > 0)
  if (changed.length === 0) return null
  return html`<h4>Latents that rose and fell</h4>
    <p class="soft">
      Mean activation over the generated positions of the same text, read without and with the edit; the largest changes of either kind.
    </p>
    <div class="changed-latents">
      ${changed.map(
        (column) =>
          html`${changeTable(column, 'rose', column.measures?.rose ?? [], known)}
          ${changeTable(column, 'fell', column.measures?.fell ?? [], known)}`
      )}
    </div>`
}

function changeTable(column: ComparisonColumn, what: 'rose' | 'fell', latents: readonly ChangedLatent[], known: Known): Html {
  return table(
    html`${nameOfColumn(column)}: ${latents.length === 0 ? `no latent ${what}` : what}`,
    [{ name: 'latent', numeric: true }, { name: 'label' }, { name: 'without', numeric: true }, { name: 'with', numeric: true }],
    latents.map(({ latent, before, after }) => [
      String(latent),
      html`<span class="label">${typed(known.label(latent, undefined) ?? '–')}</span>`,
      formatNumber(before),
      formatNumber(after)
    ])
  )
}
