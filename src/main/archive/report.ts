/** Reports of a project, written as files. */
import { fail } from '../../shared/errors'
import { buildReport } from '../reports/build'
import type { ReportFormat } from '../reports/build'
import { getComparison } from '../storage/comparisons'
import { writeFileAtomic } from '../storage/files'
import type { Project } from '../storage/project'
import { identify, openProject } from '../storage/project'
import { getRanking } from '../storage/rankings'
import { projectState } from '../storage/state'

export interface ReportInput {
  /** The file to write; the csv format may write a second one beside it. */
  readonly path: string
  readonly format: ReportFormat
  readonly title: string
  readonly introduction: string
  /** Ids, in the order of the report. */
  readonly rankings: readonly string[]
  readonly comparisons: readonly string[]
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
  for (const id of input.comparisons) comparisons.push(await getComparison(project, id))
  const { title, introduction, version, format, path } = input
  const records = { rankings, comparisons, setRuns: [], experiments: [] }
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
      comparisons: state.comparisons.map(({ id }) => id).reverse()
    })
  } finally {
    project.close()
  }
}
