import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Aggregate, SetResult, SetRunRecord, SetRunSummary } from '../../shared/records/sets'
import type { ShownError } from '../components/ui/types'
import { archive, shell } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { useProject } from './project'
import { useSets } from './sets'
import { useSettings } from './settings'
import { useToasts } from './toasts'

/** Milliseconds between two aggregates while results stream in. */
const REDRAW = 2000
/** Latents of a run that are listed, and those that are named with each prompt. */
const LATENTS = 500
const BEST = 5

/** The project's runs over prompt sets, and what is known of the one that is shown. */
export const useShownRun = defineStore('shown-run', () => {
  const project = useProject()
  const sets = useSets()
  const settings = useSettings()
  const toasts = useToasts()

  const openId = ref<string | null>(null)
  /** Where the open run's model and SAE are. */
  const bench = shallowRef<SetRunRecord['bench'] | null>(null)
  const aggregate = shallowRef<Aggregate | null>(null)
  /** Every prompt with its first few latents, in the order of the set. */
  const results = shallowRef<readonly SetResult[]>([])
  const groups = shallowRef<readonly [string, string] | null>(null)
  const counting = ref(false)
  const exporting = ref(false)
  const error = shallowRef<ShownError | null>(null)
  /** When the last count ended, and the one under way. */
  let drawn = 0
  let counted: AbortController | null = null

  const list = computed<readonly SetRunSummary[]>(() => project.state?.setRuns ?? [])
  const opened = computed(() => list.value.find(({ id }) => id === openId.value) ?? null)
  const ofSet = computed(() => list.value.filter(({ setId }) => setId === sets.openId))
  const topK = computed(() => settings.uiNumber('sets.topK', 10))

  async function open(id: string): Promise<void> {
    openId.value = id
    bench.value = null
    aggregate.value = null
    results.value = []
    groups.value = null
    error.value = null
    const record = list.value.find((each) => each.id === id)
    if (record) await sets.open(record.setId)
    await Promise.all([refresh(), readBench(id)])
  }

  async function readBench(id: string): Promise<void> {
    try {
      const found = await archive.call('setRuns.get', { id })
      if (openId.value === id) bench.value = found.bench
    } catch (thrown) {
      if (openId.value === id) error.value = shown(thrown)
    }
  }

  function close(): void {
    openId.value = null
  }

  /** Results of a run have come: counts again, but not too often, and never before the last count is there to be seen. */
  function arrived(id: string): void {
    if (openId.value === id && counted === null && performance.now() - drawn > REDRAW) void refresh()
  }

  /** Counts what is stored of the open run again; an older count that is under way is given up. */
  async function refresh(): Promise<void> {
    const id = openId.value
    counted?.abort()
    counted = null
    if (id === null) return
    const mine = new AbortController()
    counted = mine
    counting.value = true
    const [first, second] = groups.value ?? []
    const compared: [string, string] | null = first !== undefined && second !== undefined ? [first, second] : null
    try {
      const [all, each] = await Promise.all([
        archive.call('setRuns.aggregate', { id, topK: topK.value, groups: compared, limit: LATENTS }, { signal: mine.signal }),
        archive.call('setRuns.prompts', { id, top: BEST }, { signal: mine.signal })
      ])
      if (counted !== mine || openId.value !== id) return
      aggregate.value = all
      results.value = each.results
    } catch (thrown) {
      if (counted === mine && !wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      if (counted === mine) {
        counted = null
        counting.value = false
        drawn = performance.now()
      }
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
    exporting.value = true
    try {
      const written = await archive.call('setRuns.export', { id, path, format })
      toasts.show(`Wrote ${written.path}`, { tone: 'good' })
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      exporting.value = false
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
    bench,
    aggregate,
    results,
    groups,
    counting,
    exporting,
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
