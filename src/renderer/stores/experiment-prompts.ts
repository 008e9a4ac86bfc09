import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ExperimentName } from '../../shared/records/experiment'
import type { PromptSetSummary, SetPrompt } from '../../shared/records/sets'
import type { ShownError } from '../components/ui/types'
import { archive, engine, shell } from '../bridge'
import { shown } from '../utils/errors'
import { useExperiments } from './experiments'
import { useProject } from './project'
import { useSettings } from './settings'

/** The set that ships with the default model, among the project's own sets. */
export const SHIPPED = 'shipped'
/** Prompts of the shipped set that a first click runs: a minute or two on two cores. */
const FIRST_COUNT = 40
/** More where prompts are read besides those that are run. */
const FIRST_COUNTS: Partial<Record<ExperimentName, number>> = { steerability: 100 }

interface Prompts {
  readonly name: string
  readonly all: readonly SetPrompt[]
}

/** Which prompts an experiment runs on: the shipped questions, a set of the project, or a file imported as one. */
export const useExperimentPrompts = defineStore('experiment-prompts', () => {
  const experiments = useExperiments()
  const project = useProject()
  const settings = useSettings()
  /** By experiment: transplants need several questions about each story. */
  const shipped = shallowRef<ReadonlyMap<ExperimentName, Prompts>>(new Map())
  const read = shallowRef<ReadonlyMap<string, Prompts>>(new Map())
  const importing = ref(false)
  const error = shallowRef<ShownError | null>(null)

  const sets = computed<readonly PromptSetSummary[]>(() => project.state?.sets ?? [])
  const key = computed(() => `experiments.prompts.${project.state?.path ?? ''}.${experiments.page}`)
  /** SHIPPED, or the id of a set of the project. */
  const source = computed(() => {
    const kept = settings.uiText(key.value, SHIPPED)
    return sets.value.some(({ id }) => id === kept) ? kept : SHIPPED
  })
  const chosen = computed<Prompts | null>(
    () => (source.value === SHIPPED ? shipped.value.get(experiments.page) : read.value.get(source.value)) ?? null
  )
  /** Each experiment has its own. */
  const shippedName = computed(() => shipped.value.get(experiments.page)?.name ?? 'Held-out questions')
  const total = computed(() => chosen.value?.all.length ?? 0)
  /** How many are run, from the first on. */
  const count = computed(() => {
    const first = source.value === SHIPPED ? (FIRST_COUNTS[experiments.page] ?? FIRST_COUNT) : total.value
    return Math.max(1, Math.min(total.value, settings.uiNumber(`${key.value}.${source.value}.count`, first)))
  })
  const prompts = computed<readonly SetPrompt[]>(() => chosen.value?.all.slice(0, count.value) ?? [])

  /** Reads what is chosen, where it has not been read. */
  async function load(): Promise<void> {
    const wanted = source.value
    const experiment = experiments.page
    if (chosen.value) return
    error.value = null
    try {
      if (wanted === SHIPPED) {
        const found = await engine.call('experiments.defaultPrompts', { experiment })
        shipped.value = new Map([...shipped.value, [experiment, { name: found.name, all: found.prompts }]])
      } else {
        const found = await archive.call('sets.get', { id: wanted })
        read.value = new Map([...read.value, [wanted, { name: found.name, all: found.all }]])
      }
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  function choose(next: string): void {
    settings.remember(key.value, next)
    void load()
  }

  const setCount = (next: number): void => settings.remember(`${key.value}.${source.value}.count`, next)

  /** Imports a file as a set of the project, its columns taken as they seem to be meant, and chooses it. */
  async function importFile(): Promise<void> {
    const { path } = await shell.call('dialog.openFile', {
      title: 'Import prompts',
      kind: 'Prompts with answers',
      extensions: ['jsonl', 'csv']
    })
    if (path === null) return
    importing.value = true
    error.value = null
    try {
      const { suggestion, columns } = await archive.call('sets.read', { path })
      if (!suggestion) {
        const message = `Which column of ${path} holds the prompts cannot be told: there are ${columns.join(', ')}.`
        error.value = { message, fix: 'Import it in Sets, where each column can be chosen.', details: '' }
        return
      }
      const made = await project.change(() => archive.call('sets.import', { path, name: stem(path), columns: suggestion }))
      if (made) choose(made.id)
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      importing.value = false
    }
  }

  // Another project, or another experiment's choice.
  watch([() => project.opened, source, () => experiments.page], () => void load())
  watch(
    () => project.opened,
    () => (read.value = new Map())
  )

  return { sets, source, shippedName, chosen, total, count, prompts, importing, error, load, choose, setCount, importFile }
})

function stem(path: string): string {
  const last = path.split(/[\\/]/).pop() ?? 'Prompts'
  return last.replace(/\.(jsonl|csv)$/i, '')
}
