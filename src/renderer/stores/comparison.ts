import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Comparison, Recipe } from '../../shared/records/steering'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { callOf, planOf, stoppedRecord, type ComparisonPlan } from '../utils/comparison-plan'
import { shown, wasCancelled } from '../utils/errors'
import { frameBatches } from '../utils/frame-batches'
import {
  appendTokens,
  columnsOf,
  comparisonName,
  emptyColumns,
  mergedColumns,
  mergedRecord,
  type LiveColumn,
  type StreamedToken
} from '../utils/live-comparison'
import { useEngine } from './engine'
import { useLabels } from './labels'
import { useProject } from './project'
import { useSteeringHistory, type PastRun } from './steering-history'
import { useToasts } from './toasts'

/** What stood on the bench when a saved or earlier comparison was opened. */
type OnBench = Pick<PastRun, 'plan' | 'columns'> & { readonly record: Comparison | null; readonly savedId: string | null }

/** The comparison on show: streaming, finished, stopped, or opened from the project. */
export const useComparison = defineStore('comparison', () => {
  const engineStore = useEngine()
  const history = useSteeringHistory()
  const labels = useLabels()
  const project = useProject()
  const toasts = useToasts()

  const plan = shallowRef<ComparisonPlan | null>(null)
  const columns = shallowRef<readonly LiveColumn[]>([])
  /** The whole record, once there is one; what is saved. */
  const record = shallowRef<Comparison | null>(null)
  const savedId = ref<string | null>(null)
  /** True when the columns come from a saved or earlier comparison instead of the bench. */
  const pinned = ref(false)
  const running = ref(false)
  const error = shallowRef<ShownError | null>(null)
  const saved = computed(() => project.comparisons.find(({ id }) => id === savedId.value) ?? null)
  let abort: AbortController | null = null
  let bench: OnBench | null = null

  /** Streams all columns of `next`. What streamed stays when it is cancelled or fails. */
  async function run(next: ComparisonPlan, keepPinned = false): Promise<void> {
    if (running.value) return
    begin(next, emptyColumns(next.recipes))
    pinned.value = keepPinned
    if (!keepPinned) bench = null
    const started = Date.now()
    const result = await stream(next, (column) => column)
    if (result) finish(result)
    else if (columns.value.some(({ tokens }) => tokens.length > 0)) finishStopped(started)
    running.value = false
  }

  /**
   * Streams only the columns of `recipes` and keeps the others of the run on show; `order` are the ids of all columns' recipes as they shall stand.
   * True when done, or stopped; false when the kept columns do not go with the new ones, and all must be run.
   */
  async function runSome(recipes: readonly Recipe[], order: readonly string[]): Promise<boolean> {
    const [made, before, kept] = [plan.value, record.value, columns.value]
    if (running.value || !made || !before) return false
    const merged = mergedColumns(kept, recipes, order)
    begin({ ...made, recipes: merged.flatMap(({ recipe }) => (recipe ? [recipe] : [])) }, merged)
    const started = Date.now()
    const places = recipes.map(({ id }) => merged.findIndex(({ recipe }) => recipe?.id === id))
    const result = await stream({ ...made, recipes }, (column) => (column === 0 ? null : (places[column - 1] ?? null)))
    const whole = result && mergedRecord(before, result, order)
    if (whole) finish(whole)
    else if (!result) finishStopped(started)
    running.value = false
    return whole !== null
  }

  function begin(next: ComparisonPlan, empty: readonly LiveColumn[]): void {
    plan.value = next
    columns.value = empty
    record.value = null
    savedId.value = null
    error.value = null
    running.value = true
  }

  /** Runs and streams; `placeOf` says which column on show a column of the run is, null: none. Null when it was stopped or failed. */
  async function stream(call: ComparisonPlan, placeOf: (column: number) => number | null): Promise<Comparison | null> {
    const stop = (abort = new AbortController())
    const batches = frameBatches<StreamedToken>((tokens) => (columns.value = appendTokens(columns.value, tokens)))
    const onEvent = (event: StreamedToken): void => {
      const column = placeOf(event.column)
      if (column !== null) batches.add({ ...event, column })
    }
    try {
      const result = await engineStore.run(`Generating ${call.recipes.length + 1} columns`, ({ signal, onProgress }) => {
        signal.addEventListener('abort', () => stop.abort())
        const input = { ...callOf(call), device: engineStore.device }
        return engine.call('steering.compare', input, { signal: stop.signal, onProgress, onEvent })
      })
      batches.drop()
      return result
    } catch (thrown) {
      batches.flush()
      if (!wasCancelled(thrown)) error.value = shown(thrown)
      return null
    } finally {
      abort = null
    }
  }

  function finish(result: Comparison): void {
    columns.value = columnsOf(result)
    record.value = result
    if (plan.value) history.add({ plan: plan.value, columns: columns.value, record: result, savedId: null })
  }

  function finishStopped(started: number): void {
    columns.value = columns.value.map((column) => (column.finished === null ? { ...column, finished: 'cancelled' } : column))
    const of = plan.value
    if (!of) return
    const { device, versions } = engineStore
    record.value = stoppedRecord(of, columns.value, { device, versions, milliseconds: Date.now() - started })
    history.add({ plan: of, columns: columns.value, record: record.value, savedId: null })
  }

  const cancel = (): void => abort?.abort()

  async function save(name: string): Promise<boolean> {
    const current = record.value
    if (!current) return false
    const promptId = plan.value?.promptId ?? null
    const labelled = await labels.labelled(current)
    const done = await project.change(() => archive.call('comparisons.save', { name, promptId, comparison: labelled }))
    if (!done) return false
    savedId.value = done.id
    history.saved(current, done.id)
    toasts.show(`Saved the comparison “${name}”`, { tone: 'good' })
    return true
  }

  /** Shows a saved comparison exactly as it was. */
  async function open(id: string): Promise<void> {
    if (running.value) return
    error.value = null
    try {
      const opened = await archive.call('comparisons.get', { id })
      const promptName = project.prompts.find((prompt) => prompt.id === opened.promptId)?.name ?? ''
      const { comparison, promptId } = opened
      show({ plan: planOf(comparison, promptId, promptName), columns: columnsOf(comparison), record: comparison, savedId: id })
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  /** Shows a run of this session again, as it was. */
  function openRun(run: PastRun): void {
    if (running.value) return
    error.value = null
    show({ ...run, savedId: project.comparisons.some(({ id }) => id === run.savedId) ? run.savedId : null })
  }

  function show(past: OnBench): void {
    if (!pinned.value)
      bench = plan.value ? { plan: plan.value, columns: columns.value, record: record.value, savedId: savedId.value } : null
    pinned.value = true
    put(past)
  }

  function put(past: OnBench): void {
    plan.value = past.plan
    columns.value = past.columns
    record.value = past.record
    savedId.value = past.savedId
  }

  /** Puts the shown columns onto the bench, where `recipes` (one per steered column, in order) now stand for theirs. */
  function unpin(recipes: readonly Recipe[]): void {
    columns.value = columns.value.map((column, index) =>
      index === 0 ? column : { ...column, recipe: recipes[index - 1] ?? column.recipe }
    )
    savedId.value = null
    pinned.value = false
    bench = null
  }

  /** Back to the bench as it was. */
  function close(): void {
    const before = bench
    clear()
    if (before) put(before)
  }

  /** Nothing on show. */
  function clear(): void {
    cancel()
    bench = null
    plan.value = null
    columns.value = []
    record.value = null
    savedId.value = null
    pinned.value = false
    error.value = null
  }

  function suggestedName(): string {
    const of = plan.value
    if (!of) return ''
    const text = 'text' in of.prompt ? of.prompt.text : of.promptTokens.map((token) => token.text).join('')
    return comparisonName(of.promptName, text, of.recipes)
  }

  watch(() => project.opened, clear)

  const rename = (id: string, name: string): Promise<unknown> => project.change(() => archive.call('comparisons.update', { id, name }))

  async function remove(id: string): Promise<void> {
    const name = project.comparisons.find((each) => each.id === id)?.name ?? ''
    await project.remove(`the comparison “${name}”`, () => archive.call('comparisons.delete', { id }))
    if (savedId.value === id) savedId.value = null
  }

  return {
    plan,
    columns,
    record,
    savedId,
    saved,
    pinned,
    running,
    error,
    run,
    runSome,
    cancel,
    save,
    open,
    openRun,
    close,
    unpin,
    rename,
    remove,
    suggestedName
  }
})
