import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Aggregate, SetResult, SetRunSummary } from '../../shared/records/sets'
import type { ShownError } from '../components/ui/types'
import { archive, shell } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { useProject } from './project'
import { useSets } from './sets'
import { useSettings } from './settings'
import { useToasts } from './toasts'

/** Milliseconds between two aggregates while results stream in. */
const REDRAW = 2000

/** The project's runs over prompt sets, and what is known of the one that is shown. */
export const useShownRun = defineStore('shown-run', () => {
  const project = useProject()
  const sets = useSets()
  const settings = useSettings()
  const toasts = useToasts()

  const openId = ref<string | null>(null)
  const aggregate = shallowRef<Aggregate | null>(null)
  /** Every prompt with its first few latents, in the order of the set. */
  const results = shallowRef<readonly SetResult[]>([])
  const groups = shallowRef<readonly [string, string] | null>(null)
  const counting = ref(false)
  const error = shallowRef<ShownError | null>(null)
  let drawn = 0
  let wanted = 0

  const list = computed<readonly SetRunSummary[]>(() => project.state?.setRuns ?? [])
  const opened = computed(() => list.value.find(({ id }) => id === openId.value) ?? null)
  const ofSet = computed(() => list.value.filter(({ setId }) => setId === sets.openId))
  const topK = computed(() => settings.uiNumber('sets.topK', 10))

  async function open(id: string): Promise<void> {
    openId.value = id
    aggregate.value = null
    results.value = []
    groups.value = null
    error.value = null
    const record = list.value.find((each) => each.id === id)
    if (record) await sets.open(record.setId)
    await refresh()
  }

  function close(): void {
    openId.value = null
  }

  /** Results of a run have come: counts again, but not too often. */
  function arrived(id: string): void {
    if (openId.value === id && performance.now() - drawn > REDRAW) void refresh()
  }

  /** Counts what is stored of the open run again. */
  async function refresh(): Promise<void> {
    const id = openId.value
    if (id === null) return
    drawn = performance.now()
    const mine = ++wanted
    counting.value = true
    try {
      const asked = { id, topK: topK.value, groups: groups.value ? ([...groups.value] as [string, string]) : null, limit: 500 }
      const [counted, found] = await Promise.all([
        archive.call('setRuns.aggregate', asked),
        archive.call('setRuns.prompts', { id, top: 5 })
      ])
      if (mine !== wanted || openId.value !== id) return
      aggregate.value = counted
      results.value = found.results
    } catch (thrown) {
      if (mine === wanted && !wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      if (mine === wanted) counting.value = false
    }
  }

  function setTopK(next: number): void {
    settings.remember('sets.topK', next)
    void refresh()
  }

  function compare(next: readonly [string, string] | null): void {
    groups.value = next
    void refresh()
  }

  async function update(id: string, patch: { name?: string; notes?: string }): Promise<void> {
    await project.change(() => archive.call('setRuns.update', { id, ...patch }))
  }

  async function remove(id: string): Promise<void> {
    const name = list.value.find((each) => each.id === id)?.name ?? ''
    await project.remove(`the run “${name}”`, () => archive.call('setRuns.delete', { id }))
  }

  /** Writes every result as one table, with a manifest beside it. */
  async function exportAs(id: string, format: 'parquet' | 'csv' | 'jsonl'): Promise<void> {
    const name = list.value.find((each) => each.id === id)?.name ?? 'results'
    const { path } = await shell.call('dialog.exportFile', { name, extension: format, kind: 'Results of a prompt set' })
    if (path === null) return
    try {
      const written = await archive.call('setRuns.export', { id, path, format })
      toasts.show(`Wrote ${written.path}`, { tone: 'good' })
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  watch(list, (now) => {
    if (openId.value !== null && !now.some(({ id }) => id === openId.value)) openId.value = null
  })
  watch(
    () => project.opened,
    () => (openId.value = null)
  )

  return {
    list,
    ofSet,
    openId,
    opened,
    aggregate,
    results,
    groups,
    counting,
    error,
    topK,
    open,
    close,
    arrived,
    refresh,
    setTopK,
    compare,
    update,
    remove,
    exportAs
  }
})
