/** Each ranking: what was asked, which tokens and latents carry the answer, how much of it they explain. */
import { activationGradient } from '../../../renderer/charts/activation-gradient'
import { influenceBars } from '../../../renderer/charts/influence-bars'
import { latentTokenHeatmap, type HeatmapCell } from '../../../renderer/charts/latent-token-heatmap'
import { alignDecimals, formatNumber, formatShare, formatSigned, plural } from '../../../renderer/utils/format'
import { carriers, indexEntries, positionScores, rankingRows, type RankingRow } from '../../../renderer/utils/ranking-view'
import { AGGREGATIONS, freezeOf, FREEZES, scopeWords } from '../../../renderer/utils/switches'
import { visibleToken } from '../../../renderer/utils/tokens'
import { promptText } from '../../../shared/prompt-text'
import type { SavedRanking } from '../../../shared/records/project'
import type { Ranking, RankingTarget } from '../../../shared/records/ranking'
import type { PromptInput } from '../../../shared/records/token'
import { html, type Html } from '../html'
import {
  facts,
  labelsOf,
  METHOD_NAMES,
  nameOf,
  nextTokens,
  paragraphs,
  strip,
  stripLegend,
  table,
  tokenText,
  typed,
  unitOf
} from '../parts'
import type { Draw, ReportSection } from '../report'

/** Latents in the table, the bars and the heat map; the data files have them all. */
const TABLE_ROWS = 25
const BARS = 20
const HEATMAP_ROWS = 12
/** Positions the heat map shows: the last ones of a longer prompt. */
const HEATMAP_POSITIONS = 48
/** Terms of a target that are listed. */
const TERMS = 12

export const ranking: ReportSection = {
  id: 'rankings',
  heading: 'Rankings',
  build: (report, draw) => (report.rankings.length === 0 ? null : html`${report.rankings.map((saved, at) => one(saved, at, draw))}`)
}

function one(saved: SavedRanking, at: number, draw: Draw): Html {
  const { ranking } = saved
  const rows = rankingRows(ranking, labelsOf(saved))
  return html`<article id="ranking-${at + 1}">
    <h3>${typed(nameOf(saved, `Ranking ${at + 1}`))}</h3>
    ${paragraphs(saved.notes)} ${ranking.warnings.map((warning) => html`<p class="warning"><strong>Warning.</strong> ${warning}</p>`)}
    ${settings(saved)} ${promptStrip(saved)} ${identity(saved)} ${latentTable(saved, rows)} ${charts(saved, rows, draw)}
  </article>`
}

function settings({ ranking }: SavedRanking): Html {
  const { target } = ranking
  return facts([
    [
      'Method',
      html`${METHOD_NAMES[ranking.method]}
        <span class="soft">(${SUBSTITUTION_WORDS[ranking.substitution]}; ${AGGREGATIONS[ranking.aggregation].label} over positions)</span>`
    ],
    ['Formula', ranking.formula === '' ? null : ranking.formula],
    ['Target', targetOf(target)],
    ['Target value', targetValue(target)],
    ['Terms of the target', target.terms.length < 2 ? null : terms(target)],
    ['Counterfactual prompt', ranking.counterfactual === null ? null : promptOf(ranking.counterfactual)],
    ['Next tokens, as run', nextTokens(ranking.top, 5)],
    ['Next tokens, untouched model', ranking.modelTop.length === 0 ? null : nextTokens(ranking.modelTop, 5)],
    ['Hook point', html`<code>${ranking.provenance.hook}</code>`],
    ['Model and SAE', html`${typed(ranking.provenance.model.name)}, ${typed(ranking.provenance.sae.name)}`],
    ['Scope', scopeWords(ranking.scope)],
    ['Special tokens', ranking.includeSpecial ? 'counted' : 'left out of scores and ablations'],
    ['Held fixed', isFrozen(ranking) ? FREEZES[freezeOf(ranking.frozen)].line : null],
    ['Steps', ranking.steps === null ? null : `${ranking.steps} points of the path`],
    ['Seed', ranking.seed === null ? null : String(ranking.seed)],
    ['Completeness', completeness(ranking)],
    [
      'Active latents',
      html`${plural(ranking.latents.length, 'latent')}, ${formatNumber(ranking.l0)} per position <span class="soft">(L0)</span>`
    ],
    ['Unexplained variance', html`${formatShare(ranking.fvu)} <span class="soft">(FVU, first position left out)</span>`]
  ])
}

const SUBSTITUTION_WORDS = {
  reconstruction: 'reconstruction substituted, error left out',
  'reconstruction+error': 'error term kept'
} as const

const CHOSEN_BY = { greedy: 'the greedy next token', user: 'chosen by the user' } as const

/** One token with its id; several by what is made of them. */
function targetOf(target: RankingTarget): Html {
  if (target.terms.length > 1) return html`<bdi>${target.label || target.kind}</bdi>`
  return html`${target.kind} of ${tokenText(target)} <span class="soft">(token ${target.id}, ${CHOSEN_BY[target.chosenBy]})</span>`
}

function targetValue({ value, probability, logit, terms }: RankingTarget): Html {
  const own = html`<span class="soft">(probability ${formatNumber(probability, 4)}, logit ${formatNumber(logit, 4)})</span>`
  return html`${formatNumber(value, 4)} ${terms.length > 1 ? null : own}`
}

function terms({ terms }: RankingTarget): Html {
  const shown = terms.slice(0, TERMS)
  const each = shown.map(
    ({ token, weight, probability, position }) =>
      html`<span
        >${formatSigned(weight)} × ${tokenText(token)}&#160;<span class="soft"
          >p ${formatNumber(probability)} after position ${position}</span
        ></span
      > `
  )
  const rest = terms.length - shown.length
  return html`<span class="next">${each}</span>${rest > 0 ? html` <span class="soft">and ${plural(rest, 'more term')}</span>` : null}`
}

const promptOf = (prompt: PromptInput): Html =>
  'ids' in prompt ? html`${plural(prompt.ids.length, 'token id')}` : typed(promptText(prompt))
const isFrozen = ({ frozen }: Ranking): boolean => frozen.attention || frozen.norms

/** How far the scores of a path add up to the change they explain. */
function completeness({ completeness: found }: Ranking): string | null {
  if (found === null) return null
  return `contributions sum to ${formatSigned(found.explained, 4)}, the target changes by ${formatSigned(found.change, 4)}: gap ${formatNumber(found.gap, 2)}`
}

function promptStrip({ ranking }: SavedRanking): Html {
  const scores = positionScores(ranking, indexEntries(ranking), new Set())
  const scale = { kind: 'signed', limit: Math.max(...scores.map(Math.abs), 0) } as const
  const tokens = ranking.tokens.map((token, position) => {
    const value = scores[position] ?? 0
    return { token, value, note: `position ${position}: ${formatSigned(value)}` }
  })
  return html`<h4>Prompt</h4>
    ${strip(tokens, scale)} ${stripLegend(scale, 'what all active latents of a position add to the scores')}`
}

/** The four-part identity: how much of the target's first-order change each part of the hook value carries. */
function identity({ ranking }: SavedRanking): Html {
  const { total, latents, decoderBias, error, relativeGap } = ranking.identity
  const share = (part: number): string => (total === 0 ? '–' : formatShare(part / total))
  const row = (name: string, value: number): (Html | string)[] => [name, formatSigned(value), share(value)]
  const cancels = [latents, decoderBias, error].some((part) => Math.abs(part) > Math.abs(total))
  return html`<h4>What the latents explain</h4>
    ${table(
      'First-order parts of gradient · hook value',
      [{ name: 'part' }, { name: 'value', numeric: true }, { name: 'share', numeric: true }],
      [row('latents', latents), row('decoder bias', decoderBias), row('SAE error', error), row('gradient · hook value', total)]
    )}
    <p class="soft">
      The parts add up to the whole with a relative gap of
      ${formatNumber(relativeGap, 2)}.${cancels ? ' Shares beyond 100 % mean that parts cancel.' : ''}
    </p>`
}

function latentTable(saved: SavedRanking, rows: readonly RankingRow[]): Html {
  const shown = rows.slice(0, TABLE_ROWS)
  const numbers = (pick: (row: RankingRow) => number | null, signed: boolean): string[] =>
    alignDecimals(shown.map((row) => (signed ? formatSigned(pick(row)) : formatNumber(pick(row)))))
  const score = numbers((row) => row.score, true)
  const activation = numbers((row) => row.maxActivation, false)
  const gradient = numbers((row) => row.gradient, true)
  const exact = numbers((row) => row.exactEffect, true)
  const rest = rows.length - shown.length
  return html`<h4>Latents</h4>
    ${table(
      `Scores and exact effects in units of the target (${unitOf(saved)}); gradient at the position of the largest activation`,
      [
        { name: '#', numeric: true },
        { name: 'latent', numeric: true },
        { name: 'label' },
        { name: 'influence', numeric: true },
        { name: 'max. activation', numeric: true },
        { name: 'gradient', numeric: true },
        { name: 'exact effect', numeric: true },
        { name: 'positions', numeric: true }
      ],
      shown.map((row, at) => [
        String(row.rank),
        String(row.latent),
        row.label === null ? html`<span class="soft">–</span>` : html`<span class="label">${typed(row.label)}</span>`,
        score[at] ?? '',
        activation[at] ?? '',
        gradient[at] ?? '',
        exact[at] ?? '',
        String(row.positions)
      ])
    )}
    ${rest > 0 ? html`<p class="soft">${plural(rest, 'more active latent')} in the data files.</p>` : null}`
}

function charts(saved: SavedRanking, rows: readonly RankingRow[], draw: Draw): Html {
  const unit = unitOf(saved)
  const bars = rows.slice(0, BARS)
  return html`<div class="charts">
      ${draw({
        title: 'Influence',
        caption: `of the first ${bars.length}`,
        width: 460,
        height: 50 + 19 * bars.length,
        chart: (theme) => influenceBars({ bars, selected: new Set(), unit }, theme)
      })}
      ${draw({
        title: 'Activation against gradient',
        caption: 'one mark per active latent, its size by influence',
        width: 460,
        height: 430,
        chart: (theme) =>
          activationGradient(
            {
              points: rows.map((row) => ({ ...row, activation: row.maxActivation })),
              selected: new Set(),
              scale: 'log',
              unit,
              carriers: carriers(saved.ranking.latents, 0.8)
            },
            theme
          )
      })}
    </div>
    ${heatmap(saved, rows.slice(0, HEATMAP_ROWS), draw)}`
}

function heatmap(saved: SavedRanking, rows: readonly RankingRow[], draw: Draw): Html {
  const { ranking } = saved
  const from = Math.max(0, ranking.tokens.length - HEATMAP_POSITIONS)
  const index = indexEntries(ranking)
  const cells = rows.flatMap(({ latent }, row): HeatmapCell[] =>
    (index.get(latent) ?? []).flatMap((at) => {
      const position = (ranking.entries.position[at] ?? 0) - from
      if (position < 0) return []
      return [{ row, position, score: ranking.entries.score[at] ?? 0, activation: ranking.entries.activation[at] ?? 0 }]
    })
  )
  return draw({
    title: 'Influence by latent and token',
    caption: from > 0 ? `the last ${HEATMAP_POSITIONS} of ${ranking.tokens.length} positions` : 'blank where a latent is not active',
    width: 940,
    height: 90 + 20 * rows.length,
    chart: (theme) =>
      latentTokenHeatmap(
        { rows, tokens: ranking.tokens.slice(from).map(visibleToken), cells, selected: new Set(), position: null, unit: unitOf(saved) },
        theme
      )
  })
}
