/** Reports of a project, written as files. */
import { fail } from '../../shared/errors'
import type { SavedExperiment } from '../../shared/records/experiment'
import { buildReport } from '../reports/build'
import type { ReportFormat } from '../reports/build'
import type { ReportedExperiment, ReportedSetRun } from '../reports/report'
import { aggregateOf } from '../statistics/aggregate'
import { getComparison } from '../storage/comparisons'
import { getExperiment } from '../storage/experiments'
import { writeFileAtomic } from '../storage/files'
import { listMarks } from '../storage/marks'
import type { Project } from '../storage/project'
import { identify, openProject } from '../storage/project'
import { getSet } from '../storage/prompt-sets'
import { getRanking } from '../storage/rankings'
import { storedResults } from '../storage/set-results'
import { getSetRun } from '../storage/set-runs'
import { projectState } from '../storage/state'

/** How runs over sets are aggregated for reports: as `setRuns.aggregate` does by default. */
const AGGREGATE = { topK: 10, resamples: 1000, seed: 0 }
/** Latents of a set that a report takes: for tables to read, and for data. */
const LATENTS: Record<ReportFormat, number> = { html: 200, csv: 5000, json: 5000 }

export interface ReportInput {
  /** The file to write; the csv format may write a second one beside it. */
  readonly path: string
  readonly format: ReportFormat
  readonly title: string
  readonly introduction: string
  /** Ids, in the order of the report. */
  readonly rankings: readonly string[]
  readonly comparisons: readonly string[]
  readonly setRuns: readonly string[]
  readonly experiments: readonly string[]
  /** Version of the workbench. */
  readonly version: string
}

/**
 * Writes a report of an open project, each file whole or not at all. Answers with the main file and the bytes of all files.
 * Fails with REPORT_EMPTY, RECORD_MISSING, DISK_FULL or FILE_UNWRITABLE; the project itself is never written over.
 */
export async function writeReport(project: Project, input: ReportInput): Promise<{ path: string; bytes: number }> {
  const { name, notes } = await projectState(project)
  const rankings = []
  for (const id of input.rankings) rankings.push(await getRanking(project, id))
  const comparisons = []
  for (const id of input.comparisons) comparisons.push({ ...(await getComparison(project, id)), marks: await listMarks(project, id) })
  const { title, introduction, version, format, path } = input
  const setRuns = []
  for (const id of input.setRuns) setRuns.push(await reportedSetRun(project, id, format))
  const experiments = []
  for (const id of input.experiments) experiments.push(withoutParts(await getExperiment(project, id)))
  const records = { rankings, comparisons, setRuns, experiments }
  const report = { title, introduction, version, project: { name, notes }, ...records, writtenAt: new Date().toISOString() }
  const files = await buildReport(report, format, path)
  for (const file of files) {
    if ((await identify(file.path)) === project.path) fail('FILE_UNWRITABLE', { path: file.path, reason: 'it is the project itself' })
  }
  let bytes = 0
  for (const file of files) {
    await writeFileAtomic(file.path, file.content)
    bytes += Buffer.byteLength(file.content)
  }
  return { path: input.path, bytes }
}

/** A run with its aggregate, its two groups compared where there are just two, and the prompts that failed. */
async function reportedSetRun(project: Project, id: string, format: ReportFormat): Promise<ReportedSetRun> {
  const run = await getSetRun(project, id)
  const { name, all } = await getSet(project, run.setId)
  const failures: { id: string; message: string }[] = []
  const groups = new Set<string>()
  for await (const results of storedResults(project, id)) {
    for (const { id: prompt, index, error } of results) {
      const group = all[index]?.group ?? null
      if (error) failures.push({ id: prompt, message: error.message })
      else if (group !== null) groups.add(group)
    }
  }
  const [one, other, ...more] = groups
  const pair: [string, string] | null = one !== undefined && other !== undefined && more.length === 0 ? [one, other] : null
  const options = { ...AGGREGATE, limit: LATENTS[format], groups: pair }
  const aggregate = await aggregateOf(
    () => storedResults(project, id),
    all,
    options,
    () => Promise.resolve()
  )
  return { run, setName: name, aggregate, failures }
}

function withoutParts({ finished: _parts, ...rest }: SavedExperiment): ReportedExperiment {
  return rest
}

/** Writes a report of everything that the project file holds, oldest first: what `npm run cli -- report` does. */
export async function writeProjectReport(
  file: string,
  input: Pick<ReportInput, 'path' | 'format' | 'version'>
): Promise<{ path: string; bytes: number }> {
  const project = await openProject(file)
  try {
    const state = await projectState(project)
    return await writeReport(project, {
      ...input,
      title: state.name,
      introduction: state.notes,
      rankings: state.rankings.map(({ id }) => id).reverse(),
      comparisons: state.comparisons.map(({ id }) => id).reverse(),
      setRuns: state.setRuns
        .filter(({ done }) => done > 0)
        .map(({ id }) => id)
        .reverse(),
      experiments: state.experiments.map(({ id }) => id).reverse()
    })
  } finally {
    project.close()
  }
}
