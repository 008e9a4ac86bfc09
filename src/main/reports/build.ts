/** Records -> files of a report. */
import type { SavedComparison, SavedRanking } from '../../shared/records/project'
import { fail } from '../../shared/errors'

export type ReportFormat = 'html' | 'csv' | 'json'

/** Everything a report is made of. */
export interface Report {
  readonly path: string
  readonly format: ReportFormat
  readonly title: string
  readonly introduction: string
  readonly project: { readonly name: string; readonly notes: string }
  readonly rankings: readonly SavedRanking[]
  readonly comparisons: readonly SavedComparison[]
  /** Version of the workbench, and when the report was made (ISO 8601, UTC). */
  readonly version: string
  readonly writtenAt: string
}

export interface ReportFile {
  readonly path: string
  readonly content: string
}

export function buildReport(report: Report): ReportFile[] {
  if (report.rankings.length + report.comparisons.length === 0) fail('REPORT_EMPTY')
  return [{ path: report.path, content: JSON.stringify(report.rankings.length) }]
}
