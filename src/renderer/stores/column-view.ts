import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Arrangement } from '../utils/arrangement'
import { columnScore, type ColumnScoreId } from '../utils/column-scores'
import { useComparison } from './comparison'
import { useProject } from './project'
import { useSettings } from './settings'
import { useSteering } from './steering'

export const BASELINE_KEY = 'baseline'

/** How the columns of the Steer view are looked at: order, pinned, hidden, sorted, compact. Runs do not depend on it. */
export const useColumnView = defineStore('column-view', () => {
  const comparison = useComparison()
  const project = useProject()
  const settings = useSettings()
  const steering = useSteering()

  const pinned = shallowRef<ReadonlySet<string>>(new Set())
  const hidden = shallowRef<ReadonlySet<string>>(new Set())
  /** Order of a saved comparison's columns; those of the bench stand as its recipes do. */
  const order = shallowRef<readonly string[]>([])
  const sort = ref<ColumnScoreId | null>(null)
  const baselinePinned = computed(() => settings.uiFlag('steer.pinBaseline', true))
  const compact = computed(() => settings.uiFlag('steer.compact', false))
  /** Token that the keyboard or the mouse is at, in all columns and the chart. */
  const cursor = ref<number | null>(null)

  const arrangement = computed<Arrangement>(() => ({
    order: comparison.pinned ? order.value : [],
    pinned: pinned.value,
    hidden: hidden.value
  }))
  const sorting = computed(() => (sort.value ? columnScore(sort.value) : null))
  const isPinned = (key: string): boolean => (key === BASELINE_KEY ? baselinePinned.value : pinned.value.has(key))

  function togglePin(key: string): void {
    if (key === BASELINE_KEY) settings.remember('steer.pinBaseline', !baselinePinned.value)
    else pinned.value = toggled(pinned.value, key)
  }

  const toggleHidden = (key: string): void => void (hidden.value = toggled(hidden.value, key))
  const showAll = (): void => void (hidden.value = new Set())

  /** Makes `keys` (without the baseline) the columns' own order; a sorting ends with it. `all` are the keys of all columns, hidden ones too. */
  function arrange(keys: readonly string[], all: readonly string[]): void {
    sort.value = null
    const next = [...keys, ...all.filter((key) => !keys.includes(key))].filter((key) => key !== BASELINE_KEY)
    if (comparison.pinned) order.value = next
    else steering.place(next)
  }

  watch([() => project.opened, () => comparison.savedId, () => comparison.pinned], () => {
    order.value = []
    sort.value = null
    hidden.value = new Set()
    pinned.value = new Set()
  })

  return {
    pinned,
    hidden,
    sort,
    sorting,
    cursor,
    baselinePinned,
    compact,
    arrangement,
    isPinned,
    togglePin,
    toggleHidden,
    showAll,
    arrange
  }
})

function toggled(set: ReadonlySet<string>, key: string): Set<string> {
  const next = new Set(set)
  if (!next.delete(key)) next.add(key)
  return next
}
