/** Records -> the files of a report. */
import { fail } from '../../shared/errors'
import { rankingsCsv, tokensCsv } from './csv'
import { buildDocument } from './document'
import { buildJson } from './json'
import type { Report, ReportFormat } from './report'

export type { Report, ReportFormat }

export interface ReportFile {
  readonly path: string
  readonly content: string
}

/**
 * The files that a report is written to; the first is at `path`. Only csv may give two: with rankings and comparisons, the rankings'
 * latents are at `path` and the comparisons' tokens beside it (`name.csv`, `name.tokens.csv`). Fails with REPORT_EMPTY.
 */
export async function buildReport(report: Report, format: ReportFormat, path: string): Promise<ReportFile[]> {
  if (report.rankings.length + report.comparisons.length === 0) fail('REPORT_EMPTY')
  if (format === 'html') return [{ path, content: await buildDocument(report) }]
  if (format === 'json') return [{ path, content: buildJson(report) }]
  if (report.rankings.length === 0) return [{ path, content: tokensCsv(report.comparisons) }]
  const latents = { path, content: rankingsCsv(report.rankings) }
  return report.comparisons.length === 0 ? [latents] : [latents, { path: tokensPath(path), content: tokensCsv(report.comparisons) }]
}

function tokensPath(path: string): string {
  return `${path.replace(/\.csv$/i, '')}.tokens.csv`
}
