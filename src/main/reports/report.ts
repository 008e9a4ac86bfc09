/** What a report is made of, and what a section of it is. */
import type { SavedExperiment } from '../../shared/records/experiment'
import type { Mark } from '../../shared/records/marks'
import type { SavedComparison, SavedRanking } from '../../shared/records/project'
import type { Aggregate, SetRunRecord } from '../../shared/records/sets'
import type { ChartView } from '../../renderer/charts/chart'
import type { ChartTheme } from '../../renderer/charts/theme'
import type { Html } from './html'

export type ReportFormat = 'html' | 'csv' | 'json'

/** A run over a set with what was made of it. */
export interface ReportedSetRun {
  readonly run: SetRunRecord
  readonly setName: string
  readonly aggregate: Aggregate
  /** Prompts without a result, with the reason. */
  readonly failures: readonly { readonly id: string; readonly message: string }[]
}

/** A saved comparison with what people said of its texts. */
export type ReportedComparison = SavedComparison & { readonly marks: readonly Mark[] }

/** A saved experiment without its parts, which serve only to resume it. */
export type ReportedExperiment = Omit<SavedExperiment, 'finished'>

/** Everything a report is made of. */
export interface Report {
  readonly title: string
  /** Plain text; empty lines part paragraphs. */
  readonly introduction: string
  readonly project: { readonly name: string; readonly notes: string }
  readonly rankings: readonly SavedRanking[]
  readonly comparisons: readonly ReportedComparison[]
  readonly setRuns: readonly ReportedSetRun[]
  readonly experiments: readonly ReportedExperiment[]
  /** Version of the workbench, and when the report was made (ISO 8601, UTC). */
  readonly version: string
  readonly writtenAt: string
}

/** Draws a chart as a figure: light and dark, with its summary for those who do not see it. Sizes in CSS pixels. */
export type Draw = (figure: {
  title: string
  caption?: string
  width: number
  height: number
  chart: (theme: ChartTheme) => ChartView
}) => Html

/** How some of the numbers of a report were made; told only where the report uses it. */
export interface Method {
  readonly name: string
  uses(report: Report): boolean
  readonly text: Html
}

/** One part of the HTML report: one file under sections/, one line in sections/index.ts. */
export interface ReportSection {
  /** Anchor, unique. */
  readonly id: string
  /** Heading, as the contents list it. */
  readonly heading: string
  /** The section's body without its heading; null when this report has nothing for it. */
  build(report: Report, draw: Draw): Html | null
}
