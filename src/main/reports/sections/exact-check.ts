/** The exact check of each verified ranking: what really happened when a latent was zeroed, beside what its score predicted. */
import { predictedExact } from '../../../renderer/charts/predicted-exact'
import { alignDecimals, formatNumber, formatSigned, plural } from '../../../renderer/utils/format'
import type { SavedRanking } from '../../../shared/records/project'
import type { ExactCheck } from '../../../shared/records/ranking'
import { html, type Html } from '../html'
import { facts, labelsOf, nameOf, table, typed, unitOf } from '../parts'
import type { Draw, ReportSection } from '../report'

const TABLE_ROWS = 20

export const exactCheck: ReportSection = {
  id: 'exact-check',
  heading: 'Exact check by ablation',
  build(report, draw) {
    const checked = report.rankings.flatMap((saved, at) =>
      saved.ranking.exact === null ? [] : [one(saved, saved.ranking.exact, at, draw)]
    )
    const unchecked = report.rankings.length - checked.length
    if (checked.length === 0) return null
    return html`${checked}${unchecked > 0 ? html`<p class="soft">${plural(unchecked, 'ranking')} of this report not checked.</p>` : null}`
  }
}

function one(saved: SavedRanking, exact: ExactCheck, at: number, draw: Draw): Html {
  const labels = labelsOf(saved)
  const unit = unitOf(saved)
  const shown = exact.effects.slice(0, TABLE_ROWS)
  const score = alignDecimals(shown.map((effect) => formatSigned(effect.score)))
  const effect = alignDecimals(shown.map((row) => formatSigned(row.exactEffect)))
  return html`<article id="check-${at + 1}">
    <h3>${typed(nameOf(saved, `Ranking ${at + 1}`))}</h3>
    ${facts([
      ['Latents zeroed', `${exact.effects.length}, one by one, under the substitution of the method`],
      ['Spearman', exact.spearman === null ? 'not defined' : formatNumber(exact.spearman)],
      ['Pearson', exact.pearson === null ? 'not defined' : formatNumber(exact.pearson)]
    ])}
    <div class="charts">
      ${draw({
        title: 'Predicted against exact',
        width: 460,
        height: 340,
        chart: (theme) =>
          predictedExact(
            {
              points: exact.effects.map((point) => ({ ...point, label: labels.get(point.latent) ?? null })),
              selected: new Set(),
              pearson: exact.pearson,
              spearman: exact.spearman,
              sameUnit: saved.ranking.aggregation === 'signed-sum',
              unit
            },
            theme
          )
      })}
      ${table(
        `Effect = ${unit} before minus after`,
        [
          { name: 'latent', numeric: true },
          { name: 'label' },
          { name: 'influence', numeric: true },
          { name: 'exact effect', numeric: true }
        ],
        shown.map(({ latent }, row) => [
          String(latent),
          html`<span class="label">${typed(labels.get(latent) ?? '–')}</span>`,
          score[row] ?? '',
          effect[row] ?? ''
        ])
      )}
    </div>
    ${exact.effects.length > shown.length ? html`<p class="soft">${plural(exact.effects.length - shown.length, 'more checked latent')} in the data files.</p>` : null}
  </article>`
}
