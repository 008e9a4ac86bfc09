import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ProjectState, RecentProject } from '../../shared/records/project'
import { archive, shell } from '../bridge'
import { shown } from '../utils/errors'
import { useSettings } from './settings'
import { useToasts } from './toasts'

type Change = () => Promise<{ state: ProjectState }>

/** The open project: its lists, every change to it, undo and redo. */
export const useProject = defineStore('project', () => {
  const settings = useSettings()
  const toasts = useToasts()
  const state = shallowRef<ProjectState | null>(null)
  const recent = shallowRef<readonly RecentProject[]>([])
  const saving = ref(0)
  /** Counts the projects opened, so that views know when another one has come. */
  const opened = ref(0)

  const prompts = computed(() => state.value?.prompts ?? [])
  const groups = computed(() => state.value?.groups ?? [])
  const rankings = computed(() => state.value?.rankings ?? [])
  const recipes = computed(() => state.value?.recipes ?? [])
  const comparisons = computed(() => state.value?.comparisons ?? [])
  const setRuns = computed(() => state.value?.setRuns ?? [])

  /** Takes a state that another store got from the archive. */
  function apply(next: ProjectState): void {
    state.value = next
  }

  /** Makes a change and takes the new state; what fails is told in a note and gives null. */
  async function change<T extends { state: ProjectState }>(work: () => Promise<T>): Promise<T | null> {
    saving.value++
    try {
      const result = await work()
      state.value = result.state
      return result
    } catch (error) {
      const { message, fix } = shown(error)
      toasts.show(`${message} ${fix}`, { tone: 'bad' })
      return null
    } finally {
      saving.value--
    }
  }

  async function open(work: Change): Promise<boolean> {
    const result = await change(work)
    if (!result) return false
    opened.value++
    await settings.update({ lastProject: result.state.path })
    await loadRecent()
    return true
  }

  /** The project open already, else the last one, else the demo project. */
  async function openFirst(): Promise<void> {
    const { state: current } = await archive.call('project.state', {})
    const last = settings.settings.lastProject
    if (current) {
      state.value = current
      opened.value++
      await loadRecent()
    } else if (last === null || !(await openPath(last))) await openDemo()
  }

  const openPath = (path: string): Promise<boolean> => open(() => archive.call('project.open', { path }))
  const openDemo = (): Promise<boolean> => open(() => archive.call('project.openDemo', {}))

  async function openChosen(): Promise<void> {
    const { path } = await shell.call('dialog.openProject', {})
    if (path !== null) await openPath(path)
  }

  async function create(): Promise<void> {
    const { path } = await shell.call('dialog.saveProject', { name: 'Untitled' })
    if (path !== null) await open(() => archive.call('project.create', { path, name: fileName(path) }))
  }

  async function saveAs(): Promise<void> {
    const { path } = await shell.call('dialog.saveProject', { name: state.value?.name ?? 'Untitled' })
    if (path !== null && (await open(() => archive.call('project.saveAs', { path })))) toasts.show(`Saved as ${path}`, { tone: 'good' })
  }

  async function loadRecent(): Promise<void> {
    recent.value = (await archive.call('project.recent', {})).projects
  }

  const rename = (name: string): Promise<unknown> => change(() => archive.call('project.update', { name }))

  async function undo(): Promise<void> {
    if (state.value?.undo != null) await change(() => archive.call('project.undo', {}))
  }

  async function redo(): Promise<void> {
    if (state.value?.redo != null) await change(() => archive.call('project.redo', {}))
  }

  /** A deletion, told in a note that offers undo. */
  async function remove(what: string, work: Change): Promise<void> {
    if (await change(work)) toasts.show(`Deleted ${what}`, { action: { label: 'Undo', run: undo } })
  }

  return {
    state,
    recent,
    saving,
    opened,
    prompts,
    groups,
    rankings,
    recipes,
    comparisons,
    setRuns,
    apply,
    change,
    remove,
    openFirst,
    openPath,
    openDemo,
    openChosen,
    create,
    saveAs,
    rename,
    undo,
    redo
  }
})

function fileName(path: string): string {
  const last = path.split(/[\\/]/).pop() ?? 'Untitled'
  return last.replace(/\.gradsae$/i, '')
}
