import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Progress } from '../../shared/contract'
import type { Device, DeviceInfo } from '../../shared/records/model'
import { Cancelled } from '../../shared/errors'
import { engine, processState, shell } from '../bridge'
import { useSettings } from './settings'

/** Work under way, as the status bar shows it. */
export interface RunningTask {
  id: number
  label: string
  progress: Progress | null
  startedAt: number
  /** Estimated from the progress so far; null while there is too little to go by. */
  millisecondsLeft: number | null
  cancelling: boolean
}

export interface TaskHandle {
  /** For `cancel`. */
  id: number
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

const MEMORY_INTERVAL = 4000
/** A run that has begun cannot be interrupted; one that goes on this long after a cancel is ended with its process. */
const CANCEL_PATIENCE = 5000

/** The engine as the window sees it: devices, memory, and the list of running tasks with progress and cancel. */
export const useEngine = defineStore('engine', () => {
  const settings = useSettings()
  const devices = shallowRef<readonly DeviceInfo[]>([])
  const versions = shallowRef<Record<string, string>>({})
  const memoryBytes = ref<number | null>(null)
  const tasks = shallowRef<readonly RunningTask[]>([])
  const aborts = new Map<number, AbortController>()
  let next = 1

  const device = computed<Device>(() => settings.settings.device)
  /** starting, ready or stopped. */
  const state = computed(() => processState.engine.state)
  const busy = computed(() => tasks.value.length > 0)

  async function refresh(): Promise<void> {
    const info = await engine.call('engine.info', {})
    devices.value = info.devices
    versions.value = info.versions
    memoryBytes.value = info.memory.residentBytes
  }

  function watchMemory(): void {
    setInterval(() => {
      if (busy.value || document.hidden) return
      engine.call('engine.memory', {}).then(
        (memory) => (memoryBytes.value = memory.residentBytes),
        () => (memoryBytes.value = null)
      )
    }, MEMORY_INTERVAL)
  }

  /** Runs `work` as a task of the status bar. Rejects with what `work` rejects with: WorkbenchError or Cancelled. */
  async function run<T>(label: string, work: (task: TaskHandle) => Promise<T>): Promise<T> {
    const id = next++
    const abort = new AbortController()
    aborts.set(id, abort)
    const task: RunningTask = { id, label, progress: null, startedAt: Date.now(), millisecondsLeft: null, cancelling: false }
    tasks.value = [...tasks.value, task]
    try {
      return await work({
        id,
        signal: abort.signal,
        onProgress: (progress) => change(id, { progress, millisecondsLeft: left(task.startedAt, progress) })
      })
    } catch (error) {
      // An engine that was restarted because it did not hear the cancel fails the call; to the user it was cancelled.
      throw abort.signal.aborted ? new Cancelled() : error
    } finally {
      aborts.delete(id)
      tasks.value = tasks.value.filter((each) => each.id !== id)
    }
  }

  function cancel(id: number): void {
    change(id, { cancelling: true })
    aborts.get(id)?.abort()
    setTimeout(() => {
      if (aborts.has(id)) void shell.call('process.restart', { process: 'engine' })
    }, CANCEL_PATIENCE)
  }

  function cancelAll(): void {
    for (const id of [...aborts.keys()]) cancel(id)
  }

  function change(id: number, patch: Partial<RunningTask>): void {
    tasks.value = tasks.value.map((task) => (task.id === id ? { ...task, ...patch } : task))
  }

  return { state, devices, versions, device, memoryBytes, tasks, busy, refresh, watchMemory, run, cancel, cancelAll }
})

/** Time left if the rest goes as fast as what is done; null before a tenth of a second or without a total. */
function left(startedAt: number, progress: Progress): number | null {
  const passed = Date.now() - startedAt
  if (progress.total <= 0 || progress.done <= 0 || passed < 100) return null
  return (passed / progress.done) * (progress.total - progress.done)
}
