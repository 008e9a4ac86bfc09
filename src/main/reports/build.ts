/** Records -> the files of a report. */
import { fail } from '../../shared/errors'
import { rankingsCsv, tokensCsv } from './csv'
import { curvesCsv, setLatentsCsv, tablesCsv } from './csv-experiments'
import { buildDocument } from './document'
import { buildJson } from './json'
import type { Report, ReportFormat } from './report'

export type { Report, ReportFormat }

export interface ReportFile {
  readonly path: string
  readonly content: string
}

/** The tables of a csv report, in their order, each with what its file is called when it is not the first. */
const TABLES: readonly { name: string; of: (report: Report) => number; write: (report: Report) => string }[] = [
  { name: 'latents', of: ({ rankings }) => rankings.length, write: ({ rankings }) => rankingsCsv(rankings) },
  { name: 'tokens', of: ({ comparisons }) => comparisons.length, write: ({ comparisons }) => tokensCsv(comparisons) },
  { name: 'set-latents', of: ({ setRuns }) => setRuns.length, write: ({ setRuns }) => setLatentsCsv(setRuns) },
  { name: 'experiments', of: ({ experiments }) => experiments.length, write: ({ experiments }) => tablesCsv(experiments) },
  {
    name: 'curves',
    of: ({ experiments }) => experiments.reduce((sum, { result }) => sum + (result?.curves.length ?? 0), 0),
    write: ({ experiments }) => curvesCsv(experiments)
  }
]

/**
 * The files that a report is written to; the first is at `path`. Only csv may give several, one per kind of record: the first kind that
 * the report has is at `path` (rankings' latents, if any), the others beside it: `name.csv`, `name.tokens.csv`, `name.set-latents.csv`,
 * `name.experiments.csv`, `name.curves.csv`. Fails with REPORT_EMPTY.
 */
export async function buildReport(report: Report, format: ReportFormat, path: string): Promise<ReportFile[]> {
  if (report.rankings.length + report.comparisons.length + report.setRuns.length + report.experiments.length === 0) fail('REPORT_EMPTY')
  if (format === 'html') return [{ path, content: await buildDocument(report) }]
  if (format === 'json') return [{ path, content: buildJson(report) }]
  return TABLES.filter(({ of }) => of(report) > 0).map(({ name, write }, at) => ({
    path: at === 0 ? path : `${path.replace(/\.csv$/i, '')}.${name}.csv`,
    content: write(report)
  }))
}
