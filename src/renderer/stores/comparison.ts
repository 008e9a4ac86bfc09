import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Comparison, GenerationSettings, Recipe } from '../../shared/records/steering'
import type { Token } from '../../shared/records/token'
import type { ModelInfo, SaeInfo, SaeReading } from '../../shared/records/model'
import type { PreflightSummary } from '../../shared/records/preflight'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import {
  appendTokens,
  columnsOf,
  comparisonName,
  emptyColumns,
  stoppedColumns,
  type LiveColumn,
  type StreamedToken
} from '../utils/live-comparison'
import { useEngine } from './engine'
import { useProject } from './project'
import { useToasts } from './toasts'

/** What a run needs; the same for a run from the bench and for a saved comparison that is run again. */
export interface ComparisonPlan {
  model: Pick<ModelInfo, 'path' | 'name' | 'hash'>
  sae: Pick<SaeInfo, 'path' | 'name' | 'hash' | 'notes'> | null
  hook: string | null
  /** How the SAE is read. */
  reading: SaeReading
  /** What is known of the pair, kept with the comparison. */
  preflight: PreflightSummary | null
  prompt: Comparison['prompt']
  promptTokens: readonly Token[]
  promptId: string | null
  promptName: string
  recipes: readonly Recipe[]
  settings: GenerationSettings
  target: Token | null
}

/** The comparison on show: streaming, finished, stopped, or opened from the project. */
export const useComparison = defineStore('comparison', () => {
  const engineStore = useEngine()
  const project = useProject()
  const toasts = useToasts()

  const plan = shallowRef<ComparisonPlan | null>(null)
  const columns = shallowRef<readonly LiveColumn[]>([])
  /** The whole record, once there is one; what is saved. */
  const record = shallowRef<Comparison | null>(null)
  const savedId = ref<string | null>(null)
  /** True when the columns come from a saved comparison instead of the bench. */
  const pinned = ref(false)
  const running = ref(false)
  const error = shallowRef<ShownError | null>(null)
  const saved = computed(() => project.comparisons.find(({ id }) => id === savedId.value) ?? null)
  let abort: AbortController | null = null

  /** Streams all columns of `next`. What streamed stays when it is cancelled or fails. */
  async function run(next: ComparisonPlan, keepPinned = false): Promise<void> {
    if (running.value) return
    plan.value = next
    columns.value = emptyColumns(next.recipes)
    record.value = null
    savedId.value = null
    pinned.value = keepPinned
    error.value = null
    running.value = true
    const started = Date.now()
    const stop = (abort = new AbortController())
    const stream = batches((tokens) => (columns.value = appendTokens(columns.value, tokens)))
    try {
      const result = await engineStore.run(`Generating ${next.recipes.length + 1} columns`, ({ signal, onProgress }) => {
        signal.addEventListener('abort', () => stop.abort())
        return engine.call('steering.compare', callOf(next, engineStore.device), { signal: stop.signal, onProgress, onEvent: stream.add })
      })
      stream.drop()
      columns.value = columnsOf(result)
      record.value = result
    } catch (thrown) {
      stream.flush()
      if (columns.value.some(({ tokens }) => tokens.length > 0)) record.value = stopped(next, Date.now() - started)
      if (!wasCancelled(thrown)) error.value = shown(thrown)
      columns.value = columns.value.map((column) => ({ ...column, finished: 'cancelled' }))
    } finally {
      running.value = false
      abort = null
    }
  }

  /** The record of a run that ended before its result: what streamed, with its origin as far as it is known. */
  function stopped(from: ComparisonPlan, milliseconds: number): Comparison {
    return {
      prompt: from.prompt,
      promptTokens: [...from.promptTokens],
      settings: from.settings,
      target: from.target,
      columns: stoppedColumns(columns.value),
      provenance: {
        model: { name: from.model.name, path: from.model.path, hash: from.model.hash },
        sae: from.sae && {
          name: from.sae.name,
          path: from.sae.path,
          hash: from.sae.hash,
          notes: [...from.sae.notes],
          reading: from.reading
        },
        preflight: from.preflight,
        hook: from.hook,
        device: { requested: engineStore.device, used: 'not reported: the run was stopped' },
        versions: engineStore.versions,
        createdAt: new Date().toISOString(),
        milliseconds
      }
    }
  }

  const cancel = (): void => abort?.abort()

  async function save(name: string): Promise<boolean> {
    const current = record.value
    if (!current) return false
    const promptId = plan.value?.promptId ?? null
    const done = await project.change(() => archive.call('comparisons.save', { name, promptId, comparison: current }))
    if (!done) return false
    savedId.value = done.id
    toasts.show(`Saved the comparison “${name}”`, { tone: 'good' })
    return true
  }

  /** Shows a saved comparison exactly as it was. */
  async function open(id: string): Promise<void> {
    if (running.value) return
    error.value = null
    try {
      const opened = await archive.call('comparisons.get', { id })
      const { comparison } = opened
      const { model, sae, hook, preflight } = comparison.provenance
      const promptName = project.prompts.find((prompt) => prompt.id === opened.promptId)?.name ?? ''
      const { prompt, promptTokens, settings, target } = comparison
      const recipes = comparison.columns.flatMap(({ recipe }) => (recipe ? [recipe] : []))
      const reading = sae?.reading ?? {}
      const { promptId } = opened
      plan.value = { model, sae, hook, reading, preflight, prompt, promptTokens, promptId, promptName, recipes, settings, target }
      columns.value = columnsOf(comparison)
      record.value = comparison
      savedId.value = id
      pinned.value = true
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  /** Puts the shown columns onto the bench, where `recipes` (one per steered column, in order) now stand for theirs. */
  function unpin(recipes: readonly Recipe[]): void {
    columns.value = columns.value.map((column, index) =>
      index === 0 ? column : { ...column, recipe: recipes[index - 1] ?? column.recipe }
    )
    savedId.value = null
    pinned.value = false
  }

  /** Back to the bench, with nothing on show. */
  function close(): void {
    cancel()
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

  watch(() => project.opened, close)

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
    cancel,
    save,
    open,
    close,
    unpin,
    rename,
    remove,
    suggestedName
  }
})

function callOf(plan: ComparisonPlan, device: ReturnType<typeof useEngine>['device']) {
  return {
    model: plan.model.path,
    sae: plan.recipes.length > 0 ? (plan.sae?.path ?? null) : null,
    hook: plan.recipes.length > 0 ? plan.hook : null,
    reading: plan.reading,
    preflight: plan.preflight,
    device,
    prompt: plan.prompt,
    recipes: [...plan.recipes],
    settings: plan.settings,
    target: plan.target ? { id: plan.target.id } : null
  }
}

/**
 * Gathers streamed tokens and hands them on once per frame, so that fast models do not make the window draw per token.
 * A hidden window gets no frames; its tokens come with the flush or the result.
 */
function batches(take: (tokens: StreamedToken[]) => void) {
  let waiting: StreamedToken[] = []
  let frame: number | null = null
  const cancelFrame = (): void => {
    if (frame !== null) cancelAnimationFrame(frame)
    frame = null
  }
  const flush = (): void => {
    cancelFrame()
    if (waiting.length > 0) take(waiting)
    waiting = []
  }
  return {
    add(token: StreamedToken): void {
      waiting.push(token)
      frame ??= requestAnimationFrame(flush)
    },
    flush,
    drop(): void {
      cancelFrame()
      waiting = []
    }
  }
}
