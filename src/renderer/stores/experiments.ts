import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import {
  ExperimentName,
  ExperimentSettings,
  type ExperimentInfo,
  type ExperimentSummary,
  type SavedExperiment
} from '../../shared/records/experiment'
import type { ShownError } from '../components/ui/types'
import { archive, engine, shell } from '../bridge'
import { shown } from '../utils/errors'
import { settingsOf, type FieldValue } from '../utils/experiment-form'
import { parseJson } from '../utils/remembered'
import { useProject } from './project'
import { useSettings } from './settings'
import { useToasts } from './toasts'

export type ExportFormat = 'csv' | 'json' | 'parquet'

/** The experiments there are, what their pages are set to, and the project's saved ones. */
export const useExperiments = defineStore('experiments', () => {
  const project = useProject()
  const settings = useSettings()
  const toasts = useToasts()
  const infos = shallowRef<readonly ExperimentInfo[]>([])
  const record = shallowRef<SavedExperiment | null>(null)
  /** The saved experiment that is shown; null shows the page of `page`. */
  const openId = ref<string | null>(null)
  const loading = ref(false)
  const exporting = ref(false)
  const error = shallowRef<ShownError | null>(null)

  const list = computed<readonly ExperimentSummary[]>(() => project.state?.experiments ?? [])
  const page = computed(() => ExperimentName.catch('masking').parse(settings.uiText('experiments.page', 'masking')))
  const info = computed(() => infos.value.find(({ name }) => name === page.value) ?? null)
  const changed = computed<ExperimentSettings>(
    () => parseJson(ExperimentSettings, settings.uiText(`experiments.settings.${page.value}`, '')) ?? {}
  )
  const form = computed<ExperimentSettings>(() => (info.value ? settingsOf(info.value, changed.value) : {}))
  /** The whole record, with what may have changed in the list since it was read. */
  const opened = computed<SavedExperiment | null>(() => {
    const summary = list.value.find(({ id }) => id === openId.value)
    return summary && record.value?.id === summary.id ? { ...record.value, ...summary } : null
  })

  /** Asks the engine which experiments there are; what fails is shown and can be asked again. */
  async function load(): Promise<void> {
    if (infos.value.length > 0) return
    try {
      infos.value = (await engine.call('experiments.list', {})).experiments
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  const infoOf = (name: ExperimentName): ExperimentInfo | null => infos.value.find((each) => each.name === name) ?? null

  function showPage(name: ExperimentName): void {
    settings.remember('experiments.page', name)
    openId.value = null
    error.value = null
  }

  const setFields = (values: Readonly<Record<string, FieldValue>>): void => keepForm({ ...changed.value, ...values })
  const setField = (key: string, value: FieldValue): void => setFields({ [key]: value })
  const resetForm = (): void => keepForm({})
  const keepForm = (next: ExperimentSettings): void => settings.remember(`experiments.settings.${page.value}`, JSON.stringify(next))

  /** Shows a saved experiment. */
  async function open(id: string): Promise<void> {
    openId.value = id
    error.value = null
    if (record.value?.id !== id) await reload(id)
  }

  /** Reads a saved experiment again, when it is the one that is shown. */
  async function reload(id: string): Promise<void> {
    if (openId.value !== id) return
    loading.value = true
    try {
      const found = await archive.call('experiments.get', { id })
      if (openId.value === id) record.value = found
    } catch (thrown) {
      if (openId.value === id) error.value = shown(thrown)
    } finally {
      loading.value = false
    }
  }

  async function update(id: string, patch: { name?: string; notes?: string }): Promise<void> {
    await project.change(() => archive.call('experiments.update', { id, ...patch }))
  }

  async function remove(id: string): Promise<void> {
    const name = list.value.find((each) => each.id === id)?.name ?? ''
    await project.remove(`the experiment “${name}”`, () => archive.call('experiments.delete', { id }))
  }

  /** Writes tables and curves with the manifest beside them: CSV and Parquet into a new folder, JSON as one file. */
  async function exportAs(id: string, format: ExportFormat): Promise<void> {
    const name = fileName(list.value.find((each) => each.id === id)?.name ?? '')
    const chosen =
      format === 'json'
        ? await shell.call('dialog.exportFile', { name, extension: 'json', kind: 'Experiment' })
        : await shell.call('dialog.openFolder', { title: 'Where shall the folder with the tables go?' })
    if (chosen.path === null) return
    exporting.value = true
    error.value = null
    try {
      const path = format === 'json' ? chosen.path : within(chosen.path, name)
      const written = await archive.call('experiments.export', { id, path, format })
      toasts.show(`Wrote ${written.path}`, { tone: 'good' })
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      exporting.value = false
    }
  }

  // What is deleted is no longer shown; what is brought back can be opened again.
  watch(list, (now) => {
    if (openId.value !== null && !now.some(({ id }) => id === openId.value)) openId.value = null
  })
  watch(
    () => project.opened,
    () => {
      openId.value = null
      record.value = null
      error.value = null
    }
  )

  return {
    infos,
    list,
    page,
    info,
    form,
    openId,
    opened,
    loading,
    exporting,
    error,
    load,
    infoOf,
    showPage,
    setField,
    setFields,
    resetForm,
    open,
    reload,
    update,
    remove,
    exportAs
  }
})

/** A name as a file name that every system takes. */
function fileName(name: string): string {
  const safe = name
    .replace(/[\\/:*?"<>|\p{Cc}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/[. ]+$/, '')
    .trim()
  return safe.slice(0, 80) || 'experiment'
}

/** A path inside a folder, with the separator that the folder's own path has. */
function within(folder: string, name: string): string {
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/'
  return `${folder.replace(/[\\/]$/, '')}${separator}${name}`
}
