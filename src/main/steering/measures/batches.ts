/** Which texts are read together. */
import type { RowRead, TextRow } from './read-texts'

/** Rows that are read in one batch, and what is done with what was read of them. */
export interface Job {
  readonly rows: readonly TextRow[]
  take(reads: readonly RowRead[]): void
}

/** Positions of one batch, padding included. */
const POSITIONS_AT_ONCE = 2048

/**
 * Jobs of about one length share a batch, so that little is padded; those that steer share it only with prompts of the same length, which
 * their edits' positions are counted from. A batch holds one job at least.
 */
export function batchesOf(jobs: readonly Job[]): Job[][] {
  const sorted = jobs
    .map((job) => ({ job, kind: kindOf(job), length: Math.max(...job.rows.map(({ ids }) => ids.length)), rows: job.rows.length }))
    .sort((a, b) => a.kind - b.kind || a.length - b.length)
  const batches: Job[][] = []
  let current: { jobs: Job[]; kind: number; rows: number } = { jobs: [], kind: -1, rows: 0 }
  for (const { job, kind, length, rows } of sorted) {
    if (kind !== current.kind || (current.rows + rows) * length > POSITIONS_AT_ONCE) {
      current = { jobs: [], kind, rows: 0 }
      batches.push(current.jobs)
    }
    current.jobs.push(job)
    current.rows += rows
  }
  return batches
}

/** The prompt's length of a job that steers; 0 of all others. */
function kindOf({ rows }: Job): number {
  return rows.find(({ recipe }) => recipe !== null)?.promptLength ?? 0
}
