/** Two or more rankings side by side: the same latents aligned, and how far the rankings agree. */
import { differences, DIFFERENCE_MEANS } from '../../../renderer/utils/comparability'
import { formatNumber, formatSigned } from '../../../renderer/utils/format'
import { alignRankings, overlaps, type AlignedLatent } from '../../../renderer/utils/ranking-comparison'
import { html, type Html } from '../html'
import { labelsOf, nameOf, table, typed } from '../parts'
import type { Report, ReportSection } from '../report'

const ROWS = 20
const DEPTHS = [5, 10, 20]

export const sideBySide: ReportSection = {
  id: 'side-by-side',
  heading: 'Rankings side by side',
  build(report) {
    if (report.rankings.length < 2) return null
    const rankings = report.rankings.map(({ ranking }) => ranking)
    const found = differences(rankings)
    const warnings = (['latents', 'scores'] as const).filter((kind) => found.some((difference) => difference.kind === kind))
    return html` ${warnings.map(
      (kind) =>
        html`<p class="warning">
          <strong
            >They differ in
            ${found
              .filter((one) => one.kind === kind)
              .map(({ what }) => what)
              .join(', ')}.</strong
          >
          ${DIFFERENCE_MEANS[kind]}
        </p>`
    )}
    ${aligned(report)} ${agreement(report)}`
  }
}

function names(report: Report): string[] {
  return report.rankings.map((saved, at) => `${at + 1} ${nameOf(saved, `Ranking ${at + 1}`)}`)
}

function aligned(report: Report): Html {
  const labels = new Map(report.rankings.flatMap((saved) => [...labelsOf(saved)]))
  const rows = alignRankings(report.rankings.map(({ ranking }) => ranking)).slice(0, ROWS)
  const cell = (row: AlignedLatent, at: number): Html => {
    const found = row.cells[at]
    return found === null || found === undefined
      ? html`<span class="soft">not active</span>`
      : html`${found.rank} <span class="soft">(${formatSigned(found.score)})</span>`
  }
  return table(
    'Rank and influence of the same latent in each ranking, best rank first; change = rank in the first minus rank in the last',
    [
      { name: 'latent', numeric: true },
      { name: 'label' },
      ...names(report).map((name) => ({ name, numeric: true })),
      { name: 'change', numeric: true }
    ],
    rows.map((row) => [
      String(row.latent),
      html`<span class="label">${typed(labels.get(row.latent) ?? '–')}</span>`,
      ...report.rankings.map((_, at) => cell(row, at)),
      row.change === null ? '–' : formatSigned(row.change)
    ])
  )
}

function agreement(report: Report): Html {
  const title = names(report)
  const pairs = overlaps(
    report.rankings.map(({ ranking }) => ranking),
    DEPTHS
  )
  return table(
    'Overlap is the Jaccard index of the first k latents; Spearman is over the latents that both list',
    [
      { name: 'rankings' },
      ...DEPTHS.map((k) => ({ name: `overlap at ${k}`, numeric: true })),
      { name: 'Spearman', numeric: true },
      { name: 'shared latents', numeric: true }
    ],
    pairs.map(({ pair, jaccard, spearman, shared }) => [
      html`${typed(title[pair[0]] ?? '')} and ${typed(title[pair[1]] ?? '')}`,
      ...jaccard.map(({ value }) => formatNumber(value)),
      formatNumber(spearman),
      String(shared)
    ])
  )
}
