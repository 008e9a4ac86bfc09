import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { VectorFormat } from '../../shared/contract/steering'
import { WorkbenchError } from '../../shared/errors'
import type { ShownError } from '../components/ui/types'
import { engine, shell } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { interventionAlong } from '../utils/interventions'
import { freeName } from '../utils/recipes'
import { asHere } from '../utils/taken-away'
import { useEngine, type RunningTask } from './engine'
import { useLibrary } from './library'
import { useProject } from './project'
import { useRecipes } from './recipes'
import { useSteering } from './steering'
import { useToasts } from './toasts'

const KINDS: Record<VectorFormat, string> = { json: 'Recipe', safetensors: 'Vectors', gguf: 'Control vector of llama.cpp' }

/** What a direction is made from: two groups of the project's prompts, null for those without a group. */
export interface DirectionChoice {
  readonly name: string
  readonly first: string | null
  readonly second: string | null
  readonly hook: string
  readonly position: 'last' | 'mean'
}

/** Taking recipes away as files and bringing them back, and directions from groups of prompts. Each has a dialog of the Steer view. */
export const useTakeAway = defineStore('take-away', () => {
  const engineStore = useEngine()
  const library = useLibrary()
  const project = useProject()
  const recipes = useRecipes()
  const steering = useSteering()
  const toasts = useToasts()

  /** The recipe whose export dialog is open; null when none is. */
  const exportId = ref<string | null>(null)
  const written = shallowRef<{ path: string; bytes: number; format: VectorFormat; notes: readonly string[] } | null>(null)
  /** A file with a vector that does not say where it belongs, until that is chosen. */
  const placing = ref<string | null>(null)
  /** Whether the dialog for a new direction is open. */
  const making = ref(false)
  const busy = ref(false)
  const error = shallowRef<ShownError | null>(null)
  const taskId = ref<number | null>(null)

  const exported = computed(() => (exportId.value === null ? null : (recipes.find(exportId.value)?.recipe ?? null)))
  const cannotImport = computed(() => (library.model ? null : 'There is no model yet. Add one in the Library.'))
  const task = computed<RunningTask | null>(() => engineStore.tasks.find(({ id }) => id === taskId.value) ?? null)
  /** The project's groups with prompts in them; null is those without a group. */
  const groups = computed(() =>
    [...project.groups.map(({ id, name }): { id: string | null; name: string } => ({ id, name })), { id: null, name: 'no group' }]
      .map((group) => ({ ...group, prompts: project.prompts.filter(({ groupId, text }) => groupId === group.id && text !== '') }))
      .filter(({ prompts }) => prompts.length > 0)
  )

  function openExport(id: string): void {
    error.value = null
    written.value = null
    exportId.value = id
  }

  function openDirection(): void {
    error.value = null
    making.value = true
  }

  /** Asks where to, and writes the recipe there. Nothing happens when the native dialog is closed. */
  async function write(format: VectorFormat): Promise<void> {
    const recipe = exported.value
    const { model, sae, hook, reading } = library
    if (!recipe || !model || busy.value) return
    await guarded(async () => {
      const { path } = await shell.call('dialog.exportFile', { name: recipe.name, extension: format, kind: KINDS[format] })
      if (path === null) return
      const bench = { model: model.path, sae: sae?.path ?? null, hook, reading, device: engineStore.device }
      written.value = { ...(await engine.call('steering.export', { ...bench, recipe, format, path })), format }
    })
  }

  /** Asks for a file and puts what it holds on the bench as a recipe. */
  async function importFile(): Promise<void> {
    const extensions = ['json', 'safetensors', 'gguf', 'npy']
    const { path } = await shell.call('dialog.openFile', { title: 'Import a recipe or vectors', kind: 'Recipes and vectors', extensions })
    if (path !== null) await importPath(path, null)
  }

  /** `hook` is where a vector belongs whose file does not say it; without one, the dialog that asks for it opens. */
  async function importPath(path: string, hook: string | null): Promise<void> {
    const { model } = library
    if (!model || busy.value) return
    await guarded(async () => {
      try {
        const found = await engine.call('steering.import', { path, model: model.path, hook })
        placing.value = null
        const { recipe, missing } = asHere(found.recipe, library.saes, library.sae?.hash ?? null)
        const { id: _id, name, ...rest } = recipe
        const taken = recipes.all.map((saved) => saved.recipe.name)
        const added = await steering.addRecipe({ ...rest, name: taken.includes(name) ? freeName([...taken, `${name} 1`], name) : name })
        if (!added) return
        const absent = missing.map((sae) => `Its SAE ${sae} is not in the library.`)
        const notes = [...found.notes, ...absent]
        toasts.show([`Imported the recipe “${added.name}”.`, ...notes].join(' '), { tone: notes.length > 0 ? 'plain' : 'good' })
      } catch (thrown) {
        if (!(thrown instanceof WorkbenchError) || thrown.code !== 'VECTOR_HOOK_NEEDED') throw thrown
        placing.value = path
      }
    })
    // Without a dialog of its own to show it in, what went wrong is told shortly.
    if (error.value && placing.value === null) toasts.show(`${error.value.message} ${error.value.fix}`, { tone: 'bad' })
  }

  /** Makes a direction, and a recipe that adds it. */
  async function make({ name, first, second, hook, position }: DirectionChoice): Promise<void> {
    const { model } = library
    const [plus, minus] = [groupOf(first), groupOf(second)]
    if (!model || !plus || !minus || busy.value) return
    await guarded(async () => {
      const direction = await engineStore.run(`Direction ${name}`, (handle) => {
        taskId.value = handle.id
        const input = {
          model: model.path,
          device: engineStore.device,
          hook,
          name,
          groups: [plus, minus] as [typeof plus, typeof minus],
          position
        }
        return engine.call('steering.direction', input, handle)
      })
      const made = await steering.addRecipe({ name, directions: [direction], interventions: [interventionAlong(direction.id)] })
      if (made) making.value = false
    })
    taskId.value = null
  }

  function groupOf(id: string | null): { name: string; prompts: { text: string }[] } | null {
    const found = groups.value.find((group) => group.id === id)
    return found ? { name: found.name, prompts: found.prompts.map(({ text }) => ({ text })) } : null
  }

  const cancel = (): void => void (taskId.value !== null && engineStore.cancel(taskId.value))
  const showInFolder = (path: string): Promise<void> => guarded(() => shell.call('shell.showInFolder', { path }))

  /** One at a time; what goes wrong is kept for the dialog that is open. */
  async function guarded(work: () => Promise<unknown>): Promise<void> {
    busy.value = true
    error.value = null
    try {
      await work()
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      busy.value = false
    }
  }

  watch(
    () => project.opened,
    () => {
      exportId.value = null
      placing.value = null
      making.value = false
    }
  )

  return {
    exportId,
    exported,
    written,
    placing,
    making,
    busy,
    error,
    task,
    groups,
    cannotImport,
    openExport,
    openDirection,
    write,
    importFile,
    importPath,
    make,
    cancel,
    showInFolder
  }
})
