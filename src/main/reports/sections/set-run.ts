/** Each run over a prompt set: the latents that matter over all of it, and the prompts that failed. */
import { formatCount, formatNumber, formatShare, plural } from '../../../renderer/utils/format'
import { cellTexts, type CellText } from '../../../renderer/utils/results'
import type { Aggregate, SetSettings } from '../../../shared/records/sets'
import { html, type Html } from '../html'
import { facts, METHOD_NAMES, nameOf, paragraphs, table, typed } from '../parts'
import type { ReportedSetRun, ReportSection } from '../report'

/** Latents and failed prompts in the tables; the data files have them all. */
const TABLE_ROWS = 30
const FAILURE_ROWS = 20

export const setRun: ReportSection = {
  id: 'set-runs',
  heading: 'Prompt sets',
  build: (report) => (report.setRuns.length === 0 ? null : html`${report.setRuns.map(one)}`)
}

function one(reported: ReportedSetRun, at: number): Html {
  const { run, setName, aggregate, failures } = reported
  const unfinished = run.done < run.batches
  return html`<article id="set-run-${at + 1}">
    <h3>${typed(nameOf(run, `Run ${at + 1}`))}</h3>
    ${
      unfinished
        ? html`<p class="warning">
            <strong>Unfinished.</strong> ${formatCount(run.done)} of ${formatCount(run.batches)} batches were done when the report was
            written; the numbers are of these.
          </p>`
        : null
    }
    ${paragraphs(run.notes)}
    ${facts([
      ['Prompt set', html`${typed(setName)}, ${plural(run.prompts, 'prompt')}`],
      ['Results', `${plural(aggregate.prompts, 'prompt')}${aggregate.failed > 0 ? `, ${plural(aggregate.failed, 'prompt')} failed` : ''}`],
      ['Method', html`${METHOD_NAMES[run.settings.method]} <span class="soft">(${switchWords(run.settings)})</span>`],
      ['Model and SAE', html`${typed(run.model)}, ${typed(run.sae)}`],
      ['Hook point', html`<code>${run.hook}</code>`],
      ['Stability', stability(aggregate)],
      ['Record', html`<code class="wrap">${run.id}</code>`]
    ])}
    ${latents(aggregate)} ${failed(failures)}
  </article>`
}

/** The switches that a person set; what is not named is as the method's preset has it. */
export function switchWords({
  explain,
  includeSpecial,
  substitution,
  aggregation,
  targetKind,
  scope,
  frozen,
  steps,
  seed
}: SetSettings): string {
  const set = [
    explain === 'answer' ? 'target: the expected answer' : 'target: the greedy next token',
    targetKind,
    substitution,
    aggregation,
    scope && scope.kind !== 'all' ? (scope.kind === 'last' ? 'last position' : `positions ${scope.from} to ${scope.to}`) : undefined,
    includeSpecial ? undefined : 'special tokens left out',
    frozen?.attention ? 'attention patterns frozen' : undefined,
    frozen?.norms ? 'norm scales frozen' : undefined,
    steps === undefined ? undefined : `${steps} steps`,
    seed === undefined ? undefined : `seed ${seed}`
  ]
  return `${set.filter((word) => word !== undefined).join(', ')}; else as the method’s preset`
}

function stability({ stability, topK }: Aggregate): string | null {
  if (stability === null) return null
  const words = ({ value, low, high }: { value: number; low: number; high: number }): string =>
    `${formatNumber(value)} (${formatNumber(low)} to ${formatNumber(high)})`
  return `overlap of the top ${topK} is ${words(stability.paraphrases)} between paraphrases and ${words(stability.others)} between other prompts; ${plural(stability.families, 'family', 'families')}`
}

function latents(aggregate: Aggregate): Html {
  const shown = aggregate.latents.slice(0, TABLE_ROWS)
  if (shown.length === 0) return html`<p class="soft">No prompt has a result.</p>`
  const groups = aggregate.groups
  const means = cellTexts(shown.map(({ mean }) => mean))
  const differences = cellTexts(shown.map(({ difference }) => difference))
  const ps = cellTexts(shown.map(({ p }) => p))
  const qs = cellTexts(shown.map(({ q }) => q))
  const cell = (text: CellText | undefined): Html => html`${text?.value} <span class="soft">${text?.interval}</span>`
  const rest = aggregate.total - shown.length
  return html`${table(
    `Mean score over prompts (0 where a latent is not active) with 95 % bootstrap intervals, ${formatCount(aggregate.resamples)} resamples of prompts`,
    [
      { name: '#', numeric: true },
      { name: 'latent', numeric: true },
      { name: 'mean influence', numeric: true },
      { name: 'active in', numeric: true },
      { name: `in the top ${aggregate.topK}`, numeric: true },
      ...(groups
        ? [
            { name: `${groups[0]} − ${groups[1]}`, numeric: true },
            { name: 'p', numeric: true },
            { name: 'q (corrected)', numeric: true }
          ]
        : [])
    ],
    shown.map(({ latent, active, inTop }, at) => [
      String(at + 1),
      String(latent),
      cell(means[at]),
      formatShare(active),
      formatShare(inTop),
      ...(groups ? [cell(differences[at]), ps[at]?.value ?? '', qs[at]?.value ?? ''] : [])
    ])
  )}
  ${rest > 0 ? html`<p class="soft">${plural(rest, 'more latent')} in the run’s own export.</p>` : null}
  ${groups ? html`<p class="soft">p: Mann-Whitney, two-sided; q: corrected for all latents (Benjamini-Hochberg).</p>` : null}`
}

function failed(failures: ReportedSetRun['failures']): Html | null {
  if (failures.length === 0) return null
  const rest = failures.length - FAILURE_ROWS
  return html`<h4>Prompts without a result</h4>
    ${table(
      'Left out of every number above',
      [{ name: 'prompt' }, { name: 'reason' }],
      failures.slice(0, FAILURE_ROWS).map(({ id, message }) => [typed(id), typed(message)])
    )}
    ${rest > 0 ? html`<p class="soft">${plural(rest, 'more failed prompt')}.</p>` : null}`
}
