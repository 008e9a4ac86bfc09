/** The report as data: everything, exactly, and readable again by its schema. */
import { z } from 'zod'
import { SavedComparison, SavedRanking } from '../../shared/records/project'
import { LatentEntries, Ranking } from '../../shared/records/ranking'
import type { Report } from './report'

/** Counts up when a reader of the old form would misread the new one. */
const FORMAT = 1

const ints = z.array(z.number().int()).transform((numbers) => Int32Array.from(numbers))
const floats = z.array(z.number()).transform((numbers) => Float32Array.from(numbers))
const Entries = z.object({ position: ints, latent: ints, activation: floats, gradient: floats, score: floats }).pipe(LatentEntries)

/** What a JSON report holds. Typed arrays are plain arrays in the file and typed arrays again after parsing. */
export const JsonReport = z.object({
  format: z.literal(FORMAT),
  generator: z.string(),
  writtenAt: z.string(),
  title: z.string(),
  introduction: z.string(),
  project: z.object({ name: z.string(), notes: z.string() }),
  rankings: z.array(SavedRanking.extend({ ranking: Ranking.extend({ entries: Entries }) })),
  comparisons: z.array(SavedComparison)
})
export type JsonReport = z.infer<typeof JsonReport>

export function buildJson(report: Report): string {
  const { title, introduction, project, rankings, comparisons, writtenAt, version } = report
  const data = { format: FORMAT, generator: `GradSAE Workbench ${version}`, writtenAt, title, introduction, project, rankings, comparisons }
  return `${JSON.stringify(data, (_key, value: unknown) => (value instanceof Int32Array || value instanceof Float32Array ? Array.from(value) : value), 1)}\n`
}
