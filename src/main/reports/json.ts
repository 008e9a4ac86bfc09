/** The report as data: everything, exactly, and readable again by its schema. */
import { z } from 'zod'
import { SavedExperiment } from '../../shared/records/experiment'
import { Mark } from '../../shared/records/marks'
import { SavedComparison, SavedRanking } from '../../shared/records/project'
import { LatentEntries, Ranking } from '../../shared/records/ranking'
import { Aggregate, SetRunRecord } from '../../shared/records/sets'
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
  comparisons: z.array(SavedComparison.extend({ marks: z.array(Mark).default([]) })),
  setRuns: z
    .array(
      z.object({
        run: SetRunRecord,
        setName: z.string(),
        aggregate: Aggregate,
        failures: z.array(z.object({ id: z.string(), message: z.string() }))
      })
    )
    .default([]),
  /** Without their parts, which serve only to resume them. */
  experiments: z.array(SavedExperiment.omit({ finished: true })).default([])
})
export type JsonReport = z.infer<typeof JsonReport>

export function buildJson(report: Report): string {
  const { version, ...rest } = report
  const data = { format: FORMAT, generator: `GradSAE Workbench ${version}`, ...rest }
  return `${JSON.stringify(data, (_key, value: unknown) => (value instanceof Int32Array || value instanceof Float32Array ? Array.from(value) : value), 1)}\n`
}
