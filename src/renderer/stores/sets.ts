import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ArchiveCalls, Output } from '../../shared/contract'
import type { PromptSetSummary, SetColumns, SetPrompt } from '../../shared/records/sets'
import type { ShownError } from '../components/ui/types'
import { archive, shell } from '../bridge'
import { shown } from '../utils/errors'
import { stemOf } from '../utils/sets'
import { useProject } from './project'

/** A file that is being imported: what is in it, and which column holds what. */
export interface Importing {
  readonly path: string
  readonly look: Output<ArchiveCalls['sets.read']>
}

/** The project's prompt sets, the one that is shown, and importing new ones. */
export const useSets = defineStore('sets', () => {
  const project = useProject()
  const list = computed<readonly PromptSetSummary[]>(() => project.state?.sets ?? [])
  const openId = ref<string | null>(null)
  const record = shallowRef<(PromptSetSummary & { all: SetPrompt[] }) | null>(null)
  const importing = shallowRef<Importing | null>(null)
  const busy = ref(false)
  const error = shallowRef<ShownError | null>(null)

  /** The whole set, with what may have changed in the list since it was read. */
  const opened = computed(() => {
    const summary = list.value.find(({ id }) => id === openId.value)
    return summary && record.value?.id === summary.id ? { ...record.value, ...summary } : null
  })

  async function open(id: string): Promise<void> {
    openId.value = id
    error.value = null
    if (record.value?.id === id) return
    try {
      const found = await archive.call('sets.get', { id })
      if (openId.value === id) record.value = found
    } catch (thrown) {
      if (openId.value === id) error.value = shown(thrown)
    }
  }

  /** Asks for a file and looks into it; `keep` makes a set of it. */
  async function chooseFile(): Promise<void> {
    const { path } = await shell.call('dialog.openFile', {
      title: 'Import a prompt set',
      kind: 'Prompts, with answers, groups, counterfactuals',
      extensions: ['jsonl', 'csv']
    })
    if (path === null) return
    error.value = null
    busy.value = true
    try {
      importing.value = { path, look: await archive.call('sets.read', { path }) }
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      busy.value = false
    }
  }

  /** Makes a set of the file that was looked into. */
  async function keep(name: string, columns: SetColumns): Promise<void> {
    const file = importing.value
    if (!file) return
    busy.value = true
    try {
      const { id, state } = await archive.call('sets.import', { path: file.path, name: name || stemOf(file.path), columns })
      project.apply(state)
      importing.value = null
      await open(id)
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      busy.value = false
    }
  }

  /** Makes a set of prompts of the project; null is those without a group. */
  async function fromGroups(name: string, groupIds: readonly (string | null)[]): Promise<void> {
    const made = await project.change(() => archive.call('sets.fromGroups', { name, groupIds: [...groupIds] }))
    if (made) await open(made.id)
  }

  async function update(id: string, patch: { name?: string; notes?: string }): Promise<void> {
    await project.change(() => archive.call('sets.update', { id, ...patch }))
  }

  async function remove(id: string): Promise<void> {
    const name = list.value.find((each) => each.id === id)?.name ?? ''
    await project.remove(`the prompt set “${name}” with its runs`, () => archive.call('sets.delete', { id }))
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
      importing.value = null
      error.value = null
    }
  )

  return { list, openId, opened, importing, busy, error, open, chooseFile, keep, fromGroups, update, remove }
})
