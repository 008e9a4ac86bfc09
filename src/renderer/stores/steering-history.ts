import { defineStore } from 'pinia'
import { shallowRef, watch } from 'vue'
import type { Comparison } from '../../shared/records/steering'
import type { LiveColumn } from '../utils/live-comparison'
import type { ComparisonPlan } from '../utils/comparison-plan'
import { useProject } from './project'

/** What ran, with all that came out of it. */
export interface PastRun {
  readonly id: number
  readonly plan: ComparisonPlan
  readonly columns: readonly LiveColumn[]
  readonly record: Comparison
  /** The saved comparison it became; null while it is in this list only. */
  readonly savedId: string | null
}

/** Texts are small, but a day's work is long. */
const MOST = 40

/** The runs of this session, newest first; saved ones stay in the project, the others end with the window. */
export const useSteeringHistory = defineStore('steering-history', () => {
  const project = useProject()
  const runs = shallowRef<readonly PastRun[]>([])
  let next = 1

  function add(run: Omit<PastRun, 'id'>): void {
    runs.value = [{ ...run, id: next++ }, ...runs.value].slice(0, MOST)
  }

  /** A run of the list has been saved under this id. */
  function saved(record: Comparison, savedId: string): void {
    runs.value = runs.value.map((run) => (run.record === record ? { ...run, savedId } : run))
  }

  watch(
    () => project.opened,
    () => (runs.value = [])
  )

  return { runs, add, saved }
})
