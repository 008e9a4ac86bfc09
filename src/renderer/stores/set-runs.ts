import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { EngineCalls, Event, Input } from '../../shared/contract'
import { Device, SaeReading } from '../../shared/records/model'
import type { PreflightSummary } from '../../shared/records/preflight'
import type { SetRunRecord, SetSettings, SetTarget } from '../../shared/records/sets'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { freeName } from '../utils/experiments'
import { oneByOne, type OneByOne } from '../utils/one-by-one'
import { useEngine, type TaskHandle } from './engine'
import { useLibrary } from './library'
import { useMethods } from './methods'
import { usePreflights } from './preflights'
import { useProject } from './project'
import { useSets } from './sets'
import { useSettings } from './settings'
import { useSwitches } from './switches'
import { useShownRun } from './shown-run'

type RunInput = Input<EngineCalls['sets.run']>
type RunEvent = Event<EngineCalls['sets.run']>

/** A run at work. */
export interface RunningSet {
  readonly id: string
  /** Batches stored, and how many there are; prompts with them. */
  readonly done: number
  readonly parts: number
  readonly prompts: number
  /** Batches that were stored before this sitting. */
  readonly before: number
  readonly startedAt: number
  /** Null while it goes on; `cancel` takes the unfinished run out of the project. */
  readonly stopping: 'pause' | 'cancel' | null
}

/** Runs over prompt sets: each batch is stored before it counts, so whatever stops a run, it goes on from there. */
export const useSetRuns = defineStore('set-runs', () => {
  const project = useProject()
  const sets = useSets()
  const shownRun = useShownRun()
  const engineStore = useEngine()
  const library = useLibrary()
  const methods = useMethods()
  const preflights = usePreflights()
  const settings = useSettings()
  const switches = useSwitches()

  const running = shallowRef<RunningSet | null>(null)
  const starting = ref(false)
  const error = shallowRef<ShownError | null>(null)
  let taskId: number | null = null

  const busy = computed(() => starting.value || running.value !== null)
  const explain = computed<SetTarget>(() => (settings.uiText('sets.explain', 'answer') === 'greedy' ? 'greedy' : 'answer'))
  const hasAnswers = computed(() => sets.opened?.all.some(({ answer }) => answer !== null) ?? false)

  /** Method and switches are those of Analyse; positions of one prompt mean nothing for others. */
  const input = computed<SetSettings>(() => {
    const { position: _position, scope, ...rest } = switches.input
    const kept = scope?.kind === 'range' ? {} : { scope }
    return { ...rest, ...kept, method: switches.method, explain: hasAnswers.value ? explain.value : 'greedy' }
  })
  const cannotRun = computed(() => {
    if (!library.model) return 'There is no model yet. Add one in the Library.'
    if (!library.sae) return `No SAE fits ${library.model.name}. Add one in the Library.`
    if (!library.hook) return 'Choose the hook point the SAE was trained at.'
    if (preflights.refused(library.model, library.sae)) return 'The preflight says that this SAE does not describe the model.'
    if (!sets.opened) return 'Choose a prompt set.'
    if (switches.scope.kind === 'range') return 'A range of positions belongs to one prompt: choose all positions, or the last.'
    if (switches.kind === 'logit-difference' && sets.opened.all.some(({ target }) => target === null))
      return 'A logit difference needs its tokens in each prompt’s target; choose another kind of target.'
    if (switches.preset?.counterfactual === 'needed' && sets.opened.all.some(({ counterfactual }) => counterfactual === null))
      return 'This method needs a counterfactual for each prompt; the set does not have them all.'
    return null
  })

  /** What the engine would be asked for a new run of the set that is shown. */
  function request(): (Pick<RunInput, 'model' | 'sae' | 'hook' | 'reading' | 'device'> & { settings: SetSettings }) | null {
    const { model, sae, hook, reading } = library
    return model && sae ? { model: model.path, sae: sae.path, hook, reading, device: engineStore.device, settings: input.value } : null
  }

  /** About how long a run would take, in words for the button's hint; null where it cannot be told. */
  async function estimate(): Promise<number | null> {
    const asked = request()
    const set = sets.opened
    if (!asked || !set || cannotRun.value !== null || busy.value) return null
    error.value = null
    try {
      const { seconds } = await engineStore.run('Estimating the run', (task) =>
        engine.call('sets.estimate', { ...asked, prompts: set.all }, task)
      )
      return seconds
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
      return null
    }
  }

  async function run(): Promise<void> {
    const { model, sae } = library
    const asked = request()
    const set = sets.opened
    if (busy.value || cannotRun.value !== null || !asked || !model || !sae || !set) return
    error.value = null
    starting.value = true
    try {
      if (!(await preflights.ensure(model, sae))) return
      const { settings: made, ...bench } = asked
      const name = freeName(
        `${set.name}, ${methods.labelOf(made.method)}`,
        shownRun.list.map((each) => each.name)
      )
      const created = await project.change(() =>
        archive.call('setRuns.create', {
          setId: set.id,
          name,
          settings: made,
          bench: { ...bench, hook: bench.hook ?? null, device: bench.device ?? 'auto', reading: bench.reading ?? {} },
          saeHash: sae.hash,
          modelName: model.name,
          saeName: sae.name
        })
      )
      if (!created) return
      await shownRun.open(created.id)
      void work(created.id)
    } finally {
      starting.value = false
    }
  }

  /** Goes on with a run that has stopped before its end. */
  function resume(id: string): void {
    if (!busy.value) void work(id)
  }

  async function work(id: string): Promise<void> {
    running.value = { id, done: 0, parts: 0, prompts: 0, before: 0, startedAt: Date.now(), stopping: null }
    error.value = null
    try {
      const record = await archive.call('setRuns.get', { id })
      const { all } = await archive.call('sets.get', { id: record.setId })
      running.value = { ...running.value, done: record.done, before: record.done, parts: record.batches, prompts: all.length }
      const { provenance } = await engineStore.run(`Attribution of ${record.name}`, (task) => {
        taskId = task.id
        if (running.value?.stopping) engineStore.cancel(task.id)
        const keep = keeper(id, task)
        return engine
          .call(
            'sets.run',
            { ...benchOf(record), settings: record.settings, prompts: all, done: record.doneBatches, preflight: preflightOf(record) },
            { ...task, onEvent: keep.take }
          )
          .finally(keep.settled)
      })
      await project.change(() => archive.call('setRuns.finish', { id, provenance }))
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      await ended(id)
    }
  }

  /** What is known of the pair that a run was begun with, which need not be the pair at work now. */
  function preflightOf({ bench }: SetRunRecord): PreflightSummary | null {
    const model = library.models.find(({ path }) => path === bench.model) ?? null
    const sae = library.saes.find(({ path }) => path === bench.sae) ?? null
    return preflights.summary(model, sae)
  }

  /** Hands batches to the archive one after the other. The first that cannot be stored ends the run, and its error is shown. */
  function keeper(id: string, task: TaskHandle): OneByOne<RunEvent> {
    const begun = project.opened
    return oneByOne<RunEvent>(
      async ({ batch, batches, results }) => {
        if (project.opened !== begun) return
        const { done } = await archive.call('setRuns.append', { id, batch, batches, results })
        if (running.value?.id === id) running.value = { ...running.value, done, parts: batches }
        shownRun.arrived(id)
      },
      (thrown) => {
        // To the engine's store the run is a cancelled one from here on.
        engineStore.cancel(task.id)
        error.value = shown(thrown)
      }
    )
  }

  async function ended(id: string): Promise<void> {
    const cancelled = running.value?.stopping === 'cancel'
    running.value = null
    taskId = null
    try {
      const { state } = await archive.call('project.state', {})
      if (state) project.apply(state)
    } catch (thrown) {
      error.value ??= shown(thrown)
    }
    if (cancelled) await shownRun.remove(id)
    else if (shownRun.openId === id) await shownRun.refresh()
  }

  /** Stops after the batch under way; what is stored stays, and the run can be resumed. */
  const pause = (): void => stop('pause')
  /** Stops, and takes the unfinished run out of the project (with undo). */
  const cancel = (): void => stop('cancel')

  function stop(how: 'pause' | 'cancel'): void {
    if (!running.value) return
    running.value = { ...running.value, stopping: how }
    if (taskId !== null) engineStore.cancel(taskId)
  }

  // Batches of this project's run cannot be stored in another one, and what went wrong in it is not that one's business.
  watch(
    () => project.opened,
    () => {
      pause()
      error.value = null
    }
  )

  return { running, busy, error, input, explain, hasAnswers, cannotRun, estimate, run, resume, pause, cancel }
})

/** What the engine is asked for a stored run. */
function benchOf({ bench }: SetRunRecord): Pick<RunInput, 'model' | 'sae' | 'hook' | 'reading' | 'device'> {
  return {
    model: bench.model,
    sae: bench.sae,
    hook: bench.hook,
    reading: SaeReading.safeParse(bench.reading).data ?? {},
    device: Device.catch('auto').parse(bench.device)
  }
}
