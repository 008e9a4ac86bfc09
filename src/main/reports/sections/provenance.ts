/** What each record was made with: files by hash, hook point, device, precision, versions. */
import { formatDuration } from '../../../renderer/utils/format'
import { preflightWords, readingWords } from '../../../renderer/utils/preflight'
import type { SavedComparison, SavedRanking } from '../../../shared/records/project'
import type { SaeReading } from '../../../shared/records/model'
import type { PreflightSummary } from '../../../shared/records/preflight'
import { html, type Html } from '../html'
import { facts, nameOf, typed } from '../parts'
import type { ReportSection } from '../report'

export const provenance: ReportSection = {
  id: 'provenance',
  heading: 'Provenance',
  build: (report) => html`${report.rankings.map(ofRanking)}${report.comparisons.map(ofComparison)}`
}

interface Folder {
  readonly name: string
  readonly path: string
  readonly hash: string
}

const folder = ({ name, path, hash }: Folder, more: string): Html =>
  html`${typed(name)}${more === '' ? '' : `, ${more}`}<br /><code class="wrap">${typed(path)}</code><br /><code class="wrap">${hash}</code>`

const device = ({ requested, used }: { requested: string; used: string }): string =>
  requested === used || requested === 'auto' ? used : `${used} (${requested} was asked for)`

const versions = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')

/** How the SAE was read, what was done to it on loading, and what the preflight said of it. */
function readRows(sae: { notes: readonly string[]; reading: SaeReading }, preflight: PreflightSummary | null): [string, string | null][] {
  return [
    ['SAE read', readingWords(sae.reading)],
    ['On loading the SAE', sae.notes.length === 0 ? null : sae.notes.join('; ')],
    ['Preflight', preflightWords(preflight, sae.reading)]
  ]
}

function ofRanking(saved: SavedRanking, at: number): Html {
  const { provenance: from } = saved.ranking
  return html`<h3>${typed(nameOf(saved, `Ranking ${at + 1}`))}</h3>
    ${facts([
      ['Model', folder(from.model, `${from.model.family}, stored as ${from.model.precision}`)],
      ['SAE', folder(from.sae, `${from.sae.format}, ${from.sae.architecture}, ${from.sae.d_sae} latents`)],
      ...readRows(from.sae, from.preflight),
      ['Hook point', html`<code>${from.hook}</code>`],
      ['Computed on', `${device(from.device)}, ${from.precision}`],
      ['Versions', versions(from.versions)],
      ['Made', `${from.createdAt} in ${formatDuration(from.milliseconds)}`],
      ['Record', html`<code class="wrap">${saved.id}</code>`]
    ])}`
}

function ofComparison(saved: SavedComparison, at: number): Html {
  const { provenance: from } = saved.comparison
  return html`<h3>${typed(nameOf(saved, `Comparison ${at + 1}`))}</h3>
    ${facts([
      ['Model', folder(from.model, '')],
      ['SAE', from.sae === null ? null : folder(from.sae, '')],
      ...(from.sae === null ? [] : readRows(from.sae, from.preflight)),
      ['Hook point', from.hook === null ? null : html`<code>${from.hook}</code>`],
      ...(from.others ?? []).map((other): [string, Html] => [
        'Further SAE',
        html`${folder(other, '')}<br />at <code>${other.hook}</code>; read
          ${readingWords(other.reading)}${other.notes.length === 0 ? '' : `; ${other.notes.join('; ')}`}`
      ]),
      ['Computed on', device(from.device)],
      ['Versions', versions(from.versions)],
      ['Made', `${from.createdAt} in ${formatDuration(from.milliseconds)}`],
      ['Record', html`<code class="wrap">${saved.id}</code>`]
    ])}`
}
