import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { z } from 'zod'
import type { ShownError } from '../components/ui/types'
import { archive, shell } from '../bridge'
import { shown } from '../utils/errors'
import { parseJson } from '../utils/remembered'
import { useProject } from './project'
import { useSettings } from './settings'

const Format = z.enum(['html', 'csv', 'json'])
export type ReportFormat = z.infer<typeof Format>

const Choices = z.object({
  title: z.string(),
  introduction: z.string(),
  format: Format,
  rankings: z.array(z.string()),
  comparisons: z.array(z.string()),
  setRuns: z.array(z.string()).optional(),
  experiments: z.array(z.string()).optional()
})
type Choices = Required<z.infer<typeof Choices>>
/** The kinds of records that a report may hold. */
export type ReportKind = 'rankings' | 'comparisons' | 'setRuns' | 'experiments'

const KINDS_OF_RECORDS: readonly ReportKind[] = ['rankings', 'comparisons', 'setRuns', 'experiments']
const KINDS: Record<ReportFormat, string> = { html: 'Report', csv: 'Data tables', json: 'Data' }

/** What goes into a report, remembered per project, and writing it. */
export const useReports = defineStore('reports', () => {
  const project = useProject()
  const settings = useSettings()
  const busy = ref(false)
  const error = shallowRef<ShownError | null>(null)
  const written = shallowRef<{ path: string; bytes: number; format: ReportFormat } | null>(null)

  /** Runs with something stored, and finished experiments: what there is nothing to say of is not offered. */
  const setRuns = computed(() => (project.state?.setRuns ?? []).filter(({ done }) => done > 0))
  const experiments = computed(() => (project.state?.experiments ?? []).filter(({ sentence }) => sentence !== null))
  const key = computed(() => `report:${project.state?.path ?? ''}`)
  /** Until something is chosen, everything the project holds goes in. */
  const choices = computed<Choices>(() => {
    const kept = parseJson(Choices, settings.uiText(key.value, ''))
    const all = {
      rankings: project.rankings.map(({ id }) => id),
      comparisons: project.comparisons.map(({ id }) => id),
      setRuns: setRuns.value.map(({ id }) => id),
      experiments: experiments.value.map(({ id }) => id)
    }
    if (!kept) return { title: project.state?.name ?? '', introduction: '', format: 'html', ...all }
    // A choice made before there was a kind of record leaves all of that kind in.
    const chosen = (kind: ReportKind): string[] => all[kind].filter((id) => kept[kind]?.includes(id) ?? true)
    return {
      ...kept,
      rankings: chosen('rankings'),
      comparisons: chosen('comparisons'),
      setRuns: chosen('setRuns'),
      experiments: chosen('experiments')
    }
  })
  const empty = computed(() => KINDS_OF_RECORDS.every((kind) => choices.value[kind].length === 0))

  function change(patch: Partial<Choices>): void {
    settings.remember(key.value, JSON.stringify({ ...choices.value, ...patch }))
  }

  function toggle(kind: ReportKind, id: string): void {
    const ids = choices.value[kind]
    change({ [kind]: ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id] })
  }

  /** Asks where to, writes the report there, and says so. Nothing happens when the dialog is closed. */
  async function write(): Promise<void> {
    if (busy.value) return
    busy.value = true
    error.value = null
    try {
      const { format, title, introduction, rankings, comparisons } = choices.value
      const more = { setRuns: choices.value.setRuns, experiments: choices.value.experiments }
      const heading = title.trim() || (project.state?.name ?? 'Report')
      const { path } = await shell.call('dialog.exportFile', { name: fileName(heading), extension: format, kind: KINDS[format] })
      if (path === null) return
      const result = await archive.call('report.write', { path, format, title: heading, introduction, rankings, comparisons, ...more })
      written.value = { ...result, format }
    } catch (thrown) {
      written.value = null
      error.value = shown(thrown)
    } finally {
      busy.value = false
    }
  }

  const openFile = (path: string): Promise<void> => tell(() => shell.call('shell.openReport', { path }))
  const showInFolder = (path: string): Promise<void> => tell(() => shell.call('shell.showInFolder', { path }))

  async function tell(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  return { setRuns, experiments, choices, empty, busy, error, written, change, toggle, write, openFile, showInFolder }
})

/** A title as a file name that every system takes. */
function fileName(title: string): string {
  const safe = title
    .replace(/[\\/:*?"<>|\p{Cc}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return safe.slice(0, 80) || 'report'
}
