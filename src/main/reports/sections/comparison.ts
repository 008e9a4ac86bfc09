/** Each steering comparison: the recipes, the texts with what differs, and the numbers along them. */
import { positionLines, type PositionMetric } from '../../../renderer/charts/position-lines'
import { categoricalColour, themes, type ChartTheme } from '../../../renderer/charts/theme'
import { formatNumber, formatSigned } from '../../../renderer/utils/format'
import { diffTokens } from '../../../renderer/utils/text-diff'
import { visibleToken } from '../../../renderer/utils/tokens'
import type { SavedComparison } from '../../../shared/records/project'
import type { Comparison, ComparisonColumn, Intervention } from '../../../shared/records/steering'
import { html, type Html } from '../html'
import { facts, nameOf, paragraphs, strip, stripLegend, table, tokenText, typed, type Scale } from '../parts'
import type { Draw, ReportSection } from '../report'

export const comparison: ReportSection = {
  id: 'comparisons',
  heading: 'Steering comparisons',
  build: (report, draw) => (report.comparisons.length === 0 ? null : html`${report.comparisons.map((saved, at) => one(saved, at, draw))}`)
}

function one(saved: SavedComparison, at: number, draw: Draw): Html {
  const { comparison } = saved
  return html`<article id="comparison-${at + 1}">
    <h3>${typed(nameOf(saved, `Comparison ${at + 1}`))}</h3>
    ${paragraphs(saved.notes)} ${settings(comparison)}
    <h4>Prompt</h4>
    ${strip(
      comparison.promptTokens.map((token, position) => ({ token, value: 0, note: `position ${position}` })),
      { kind: 'size', limit: 1 }
    )}
    <h4>Texts</h4>
    ${comparison.columns.map((column) => text(column, comparison))} ${legend(comparison)} ${scores(comparison)} ${charts(comparison, draw)}
  </article>`
}

function settings({ settings, provenance, target }: Comparison): Html {
  const sampling =
    settings.temperature === 0
      ? 'greedy'
      : `temperature ${formatNumber(settings.temperature)}, top-k ${settings.topK === 0 ? 'off' : settings.topK}, top-p ${formatNumber(settings.topP)}, seed ${settings.seed}`
  return facts([
    ['Sampling', `${sampling}; at most ${settings.maxTokens} tokens${settings.stopAtEnd ? ', ends at the end-of-text token' : ''}`],
    ['Watched token', target === null ? null : tokenText(target)],
    ['Model and SAE', html`${typed(provenance.model.name)}${provenance.sae === null ? '' : html`, ${typed(provenance.sae.name)}`}`],
    ['Hook point', provenance.hook === null ? null : html`<code>${provenance.hook}</code>`]
  ])
}

/** A column's text, darker where the unsteered model finds a token more surprising (-log-probability); changed words underlined. */
function text(column: ComparisonColumn, comparison: Comparison): Html {
  const base = comparison.columns[0]?.tokens ?? []
  const { changed } = diffTokens(base, column.tokens)
  const logprobs = column.scores?.baselineLogprob
  const tokens = column.tokens.map((token, at) => ({
    token,
    value: -(logprobs?.[at] ?? 0),
    note: `token ${at + 1}: ${logprobs?.[at] === undefined ? 'not scored' : `log-probability ${formatNumber(logprobs[at])}`}`,
    changed: changed[at] === true
  }))
  return html`<section class="column">
    <h5>${nameOfColumn(column)}</h5>
    ${column.recipe === null ? null : recipe(column.recipe.interventions, column.recipe.keepError)}
    ${tokens.length === 0 ? html`<p class="soft">No token was generated.</p>` : strip(tokens, scaleOf(comparison))}
    <p class="soft">${FINISHED[column.finished]}</p>
  </section>`
}

const FINISHED = {
  length: 'Ended at the chosen length.',
  end: 'Ended by the model.',
  cancelled: 'Cancelled before its end.'
} as const

function recipe(interventions: readonly Intervention[], keepError: boolean): Html {
  const edits = interventions.map((edit) => html`<li>latent ${edit.latent}: ${editWords(edit)}, ${POSITION_WORDS[edit.positions]}</li>`)
  return html`<ul class="recipe">
    ${edits}
    <li>${keepError ? 'SAE error kept' : 'reconstruction without the SAE error'}</li>
  </ul>`
}

function editWords({ mode, coefficient }: Intervention): string {
  if (mode === 'add') return `add ${formatSigned(coefficient)} × decoder row`
  if (mode === 'set') return `set the activation to ${formatNumber(coefficient)}`
  return mode === 'scale' ? `multiply the activation by ${formatNumber(coefficient)}` : 'set the activation to 0'
}

const POSITION_WORDS = {
  all: 'at every position',
  range: 'at a range of positions',
  prompt: 'at the prompt’s positions',
  generated: 'at generated positions',
  last: 'at the last position of the prompt, then at each newest one'
} as const

function scaleOf(comparison: Comparison): Scale {
  const all = comparison.columns.flatMap((column) => column.scores?.baselineLogprob ?? [])
  return { kind: 'size', limit: Math.max(1, ...all.map((value) => -value)) }
}

function legend(comparison: Comparison): Html | null {
  if (comparison.columns.every(({ scores }) => scores === null)) return null
  return html`${stripLegend(scaleOf(comparison), 'surprise of each token: −log-probability under the unsteered model, nats')}
    <p class="soft">Underlined: words that the baseline does not have there.</p>`
}

function scores(comparison: Comparison): Html | null {
  if (comparison.columns.every(({ scores }) => scores === null)) return null
  const mean = (values: readonly number[]): string =>
    values.length === 0 ? '–' : formatNumber(values.reduce((sum, value) => sum + value, 0) / values.length)
  const watched = comparison.target !== null
  const columns = [
    { name: 'column' },
    { name: 'tokens', numeric: true },
    { name: 'perplexity', numeric: true },
    { name: 'mean KL', numeric: true },
    ...(watched ? [{ name: 'mean probability of the watched token', numeric: true }] : [])
  ]
  const rows = comparison.columns.map((column) => [
    nameOfColumn(column),
    String(column.tokens.length),
    column.scores === null ? '–' : formatNumber(column.scores.perplexity),
    column.scores === null ? '–' : mean(column.scores.kl),
    ...(watched ? [mean(column.tokens.flatMap(({ targetProbability }) => (targetProbability === null ? [] : [targetProbability])))] : [])
  ])
  return html`<h4>Scores</h4>
    ${table('Perplexity under the unsteered model; KL(steered ‖ unsteered) in nats', columns, rows)}`
}

function charts(comparison: Comparison, draw: Draw): Html {
  const target = comparison.target === null ? null : visibleToken(comparison.target)
  const values: Record<PositionMetric, (column: ComparisonColumn) => (number | null)[]> = {
    kl: ({ scores }) => scores?.kl ?? [],
    logprob: ({ scores }) => scores?.baselineLogprob ?? [],
    target: ({ tokens }) => tokens.map(({ targetProbability }) => targetProbability)
  }
  const metrics = (['kl', 'logprob', 'target'] as const).filter((metric) =>
    comparison.columns.some((column) => values[metric](column).some((value) => value !== null))
  )
  return html`<div class="stack">
      ${metrics.map((metric) =>
        draw({
          title: TITLES[metric],
          width: 940,
          height: 190,
          chart: (theme) =>
            positionLines(
              {
                metric,
                target,
                series: comparison.columns.map((column, at) => ({
                  name: column.recipe === null ? 'baseline' : column.recipe.name,
                  colour: Math.max(0, at - 1),
                  baseline: column.recipe === null,
                  tokens: column.tokens.map(visibleToken),
                  values: values[metric](column)
                }))
              },
              theme
            )
        })
      )}
    </div>
    ${seriesKey(comparison)}`
}

const TITLES: Record<PositionMetric, string> = { kl: 'KL divergence', logprob: 'Log-probability', target: 'Watched token' }

/** Which line is whose: the same colours as in the charts, with words. */
function seriesKey(comparison: Comparison): Html {
  return html`<p class="key">
    ${comparison.columns.map((column, at) => {
      const colour = (theme: ChartTheme): string => (column.recipe === null ? theme.textSoft : categoricalColour(theme, at - 1))
      const style = `--l:${colour(themes.light)};--d:${colour(themes.dark)}`
      return html`<span class="series${column.recipe === null ? ' baseline' : ''}" style="${style}">${nameOfColumn(column)}</span> `
    })}
  </p>`
}

function nameOfColumn({ recipe }: ComparisonColumn): Html {
  return recipe === null ? html`baseline` : typed(nameOf(recipe, 'recipe without a name'))
}
