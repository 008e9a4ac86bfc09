import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { z } from 'zod'
import type { ArchiveCalls, EngineCalls, Event, Input, Progress } from '../../shared/contract'
import type { ExperimentPart, ExperimentResult, SavedExperiment } from '../../shared/records/experiment'
import { Device, SaeReading } from '../../shared/records/model'
import { Recipe } from '../../shared/records/steering'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { EXPERIMENT_NAMES, freeName, promptsProblem } from '../utils/experiments'
import { useEngine, type TaskHandle } from './engine'
import { useExperimentPrompts } from './experiment-prompts'
import { useExperiments } from './experiments'
import { useLibrary } from './library'
import { usePreflights } from './preflights'
import { useProject } from './project'
import { useSweeping } from './sweeping'

type RunInput = Input<EngineCalls['experiments.run']>
type CreateInput = Input<ArchiveCalls['experiments.create']>
type RunEvent = Event<EngineCalls['experiments.run']>

/** An experiment at work. */
export interface RunningExperiment {
  readonly id: string
  readonly done: number
  readonly parts: number
  /** Parts that were stored before this run began. */
  readonly before: number
  readonly startedAt: number
  readonly stopping: 'pause' | 'cancel' | null
}

/** Milliseconds between two redraws of tables and curves while they grow. */
const REDRAW = 500

/** Running experiments: each part is stored before it counts, so whatever stops a run, it goes on from there. */
export const useExperimentRuns = defineStore('experiment-runs', () => {
  const experiments = useExperiments()
  const prompts = useExperimentPrompts()
  const engineStore = useEngine()
  const library = useLibrary()
  const preflights = usePreflights()
  const project = useProject()
  const sweeping = useSweeping()

  const running = shallowRef<RunningExperiment | null>(null)
  const preview = shallowRef<ExperimentResult | null>(null)
  const starting = ref(false)
  const error = shallowRef<ShownError | null>(null)
  let taskId: number | null = null

  const busy = computed(() => starting.value || running.value !== null)
  const cannotRun = computed(() => {
    if (!library.model) return 'There is no model yet. Add one in the Library.'
    if (!library.sae) return `No SAE fits ${library.model.name}. Add one in the Library.`
    if (!library.hook) return 'Choose the hook point the SAE was trained at.'
    if (preflights.refused(library.model, library.sae)) return 'The preflight says that this SAE does not describe the model.'
    if (!experiments.info) return 'The engine has not said yet which experiments there are.'
    if (!prompts.chosen) return 'The prompts are being read.'
    if (experiments.info.fields.some(({ kind }) => kind === 'recipes')) {
      const recipes = z.array(Recipe).catch([]).parse(experiments.form.recipes)
      if (recipes.length === 0) return 'Choose at least one recipe.'
      // Numbers of latents mean others in another SAE.
      const [stray] = sweeping.strays(recipes)
      if (stray) return `The recipe “${stray.name}” is not one of this project for this SAE. Take it out, or choose its SAE.`
    }
    return promptsProblem(prompts.prompts, experiments.info.needsAnswers)
  })

  /** Runs the experiment of the page as it is set. */
  async function run(): Promise<void> {
    const { model, sae, hook, reading } = library
    const { info, form } = experiments
    if (busy.value || cannotRun.value !== null || !model || !sae || !info) return
    error.value = null
    starting.value = true
    try {
      if (!(await preflights.ensure(model, sae))) return
      await begin({
        name: freeName(
          `${EXPERIMENT_NAMES[info.name]}, ${prompts.prompts.length} of ${prompts.chosen?.name ?? ''}`,
          experiments.list.map(({ name }) => name)
        ),
        experiment: info.name,
        settings: { ...form },
        bench: { model: model.path, sae: sae.path, hook, device: engineStore.device, reading },
        modelName: model.name,
        saeName: sae.name,
        prompts: [...prompts.prompts]
      })
    } finally {
      starting.value = false
    }
  }

  /** Goes on with an experiment that has stopped before its end. */
  async function resume(id: string): Promise<void> {
    const saved = busy.value ? null : await stored(id)
    if (saved) void work(id, inputOf(saved), saved.finished)
  }

  /** Repeats an experiment from its manifest as a new one, which is then compared with it. */
  async function repeat(id: string): Promise<void> {
    const saved = busy.value ? null : await stored(id)
    if (!saved) return
    starting.value = true
    const { experiment, settings } = saved.manifest ?? saved
    await begin({
      name: freeName(
        `${saved.name}, repeated`,
        experiments.list.map(({ name }) => name)
      ),
      experiment,
      settings,
      bench: saved.bench,
      modelName: saved.model,
      saeName: saved.sae,
      prompts: saved.manifest?.prompts ?? saved.setPrompts,
      repeats: id
    })
    starting.value = false
  }

  /** Makes the record first: what happens from then on can be resumed. */
  async function begin(input: CreateInput): Promise<void> {
    const made = await project.change(() => archive.call('experiments.create', input))
    const saved = made && (await stored(made.id))
    if (!made || !saved) return
    void experiments.open(made.id)
    void work(made.id, inputOf(saved), [])
  }

  async function stored(id: string): Promise<SavedExperiment | null> {
    error.value = null
    try {
      return await archive.call('experiments.get', { id })
    } catch (thrown) {
      error.value = shown(thrown)
      return null
    }
  }

  async function work(id: string, input: RunInput, done: readonly ExperimentPart[]): Promise<void> {
    running.value = { id, done: done.length, parts: 0, before: done.length, startedAt: Date.now(), stopping: null }
    preview.value = null
    try {
      const { result, manifest } = await engineStore.run(EXPERIMENT_NAMES[input.experiment], async (task) => {
        taskId = task.id
        const keep = keeper(id, task)
        const call = { ...task, onEvent: keep.take, onProgress: (progress: Progress) => count(task, id, progress) }
        return engine.call('experiments.run', { ...input, done: [...done] }, call).finally(keep.settled)
      })
      await project.change(() => archive.call('experiments.finish', { id, result, manifest }))
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      await ended(id)
    }
  }

  /** The engine says how many parts there are before it has made the first. */
  function count(task: TaskHandle, id: string, progress: Progress): void {
    task.onProgress(progress)
    if (running.value?.id === id && running.value.parts === 0) running.value = { ...running.value, parts: progress.total }
  }

  /** Hands parts to the archive one after the other. The first that cannot be stored ends the run with its error. */
  function keeper(id: string, task: TaskHandle): { take: (event: RunEvent) => void; settled: () => Promise<void> } {
    let last: Promise<void> = Promise.resolve()
    let failure: Error | null = null
    let drawn = 0
    const store = async ({ part, parts, data }: RunEvent): Promise<void> => {
      if (failure !== null) return
      try {
        const { done } = await archive.call('experiments.append', { id, part: { part, data }, parts })
        if (running.value?.id === id) running.value = { ...running.value, done, parts }
      } catch (thrown) {
        failure = thrown instanceof Error ? thrown : new Error(String(thrown))
        engineStore.cancel(task.id)
        error.value = shown(thrown)
      }
    }
    return {
      take(event) {
        last = last.then(() => store(event))
        if (event.preview && performance.now() - drawn > REDRAW) {
          drawn = performance.now()
          preview.value = event.preview
        }
      },
      async settled() {
        await last
        if (failure !== null) throw failure
      }
    }
  }

  async function ended(id: string): Promise<void> {
    const cancelled = running.value?.stopping === 'cancel'
    running.value = null
    preview.value = null
    taskId = null
    const { state } = await archive.call('project.state', {})
    if (state) project.apply(state)
    if (cancelled) await experiments.remove(id)
    else await experiments.reload(id)
  }

  /** Stops after the part under way; what is stored stays, and the experiment can be resumed. */
  const pause = (): void => stop('pause')
  /** Stops, and takes the unfinished experiment out of the project (with undo). */
  const cancel = (): void => stop('cancel')

  function stop(how: 'pause' | 'cancel'): void {
    if (!running.value) return
    running.value = { ...running.value, stopping: how }
    if (taskId !== null) engineStore.cancel(taskId)
  }

  // Parts of this project's experiment cannot be stored in another one.
  watch(() => project.opened, pause)

  return { running, preview, busy, starting, error, cannotRun, run, resume, repeat, pause, cancel }
})

/** What the engine is asked for a stored experiment. */
function inputOf({ bench, experiment, settings, setPrompts }: SavedExperiment): RunInput {
  return {
    model: bench.model,
    sae: bench.sae,
    hook: bench.hook,
    reading: SaeReading.safeParse(bench.reading).data ?? {},
    device: Device.catch('auto').parse(bench.device),
    experiment,
    settings,
    prompts: setPrompts
  }
}
