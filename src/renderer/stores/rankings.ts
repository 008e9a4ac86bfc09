import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { SavedRanking } from '../../shared/records/project'
import type { ShownError } from '../components/ui/types'
import { archive } from '../bridge'
import { shown } from '../utils/errors'
import { useProject } from './project'

/** The project's saved rankings: their list, and those that stand side by side. */
export const useRankings = defineStore('rankings', () => {
  const project = useProject()
  const list = computed(() => project.rankings)
  /** Chosen for the side-by-side view, in the order chosen. */
  const chosenIds = ref<readonly string[]>([])
  const records = shallowRef<ReadonlyMap<string, SavedRanking>>(new Map())
  const loading = ref(false)
  const error = shallowRef<ShownError | null>(null)

  const chosen = computed(() =>
    chosenIds.value.flatMap((id) => {
      const record = records.value.get(id)
      const summary = list.value.find((each) => each.id === id)
      return record && summary ? [{ ...record, ...summary }] : []
    })
  )

  async function choose(ids: readonly string[]): Promise<void> {
    chosenIds.value = [...new Set(ids)].filter((id) => list.value.some((each) => each.id === id))
    const missing = chosenIds.value.filter((id) => !records.value.has(id))
    if (missing.length === 0) return
    loading.value = true
    error.value = null
    try {
      const found = await Promise.all(missing.map((id) => archive.call('rankings.get', { id })))
      records.value = new Map([...records.value, ...found.map((record): [string, SavedRanking] => [record.id, record])])
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      loading.value = false
    }
  }

  const toggle = (id: string): Promise<void> =>
    choose(chosenIds.value.includes(id) ? chosenIds.value.filter((each) => each !== id) : [...chosenIds.value, id])

  async function update(id: string, patch: { name?: string; notes?: string }): Promise<void> {
    await project.change(() => archive.call('rankings.update', { id, ...patch }))
  }

  async function remove(id: string): Promise<void> {
    const name = list.value.find((each) => each.id === id)?.name ?? ''
    await project.remove(`the ranking “${name}”`, () => archive.call('rankings.delete', { id }))
  }

  // What is deleted leaves the comparison; a ranking verified since is read again.
  watch(list, (now, before) => {
    const verified = new Map(before.map((each) => [each.id, each.verified]))
    const changed = new Set(now.filter((each) => verified.get(each.id) !== each.verified).map((each) => each.id))
    records.value = new Map([...records.value].filter(([id]) => !changed.has(id)))
    void choose(chosenIds.value)
  })
  watch(
    () => project.opened,
    () => {
      chosenIds.value = []
      records.value = new Map()
    }
  )

  return { list, chosenIds, chosen, loading, error, choose, toggle, update, remove }
})
