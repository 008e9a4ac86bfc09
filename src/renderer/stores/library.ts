import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ModelInfo, SaeInfo } from '../../shared/records/model'
import type { LibraryEntry } from '../../shared/records/settings'
import type { ShownError } from '../components/ui/types'
import { engine, shell } from '../bridge'
import { shown } from '../utils/errors'
import { useSettings } from './settings'

export interface RefusedFolder {
  path: string
  message: string
  fix: string
}

/** Models and SAEs the window knows, and which of them are at work (model, SAE, hook point). */
export const useLibrary = defineStore('library', () => {
  const settings = useSettings()
  const models = shallowRef<readonly ModelInfo[]>([])
  const saes = shallowRef<readonly SaeInfo[]>([])
  const refused = shallowRef<readonly RefusedFolder[]>([])
  const bundled = ref('')
  const loading = ref(true)
  const error = shallowRef<ShownError | null>(null)

  const modelPath = computed(() => settings.uiText('bench.model', ''))
  const model = computed(() => models.value.find((each) => each.path === modelPath.value) ?? models.value[0] ?? null)
  /** SAEs whose vectors have the model's width, those that name the hook point first. */
  const fitting = computed(() => saes.value.filter((each) => model.value !== null && each.d_in === model.value.d_model && hookExists(each)))
  const sae = computed(() => fitting.value.find((each) => each.path === settings.uiText('bench.sae', '')) ?? preferred(fitting.value))
  const hook = computed(() => {
    if (sae.value?.hook != null) return sae.value.hook
    const remembered = settings.settings.library.find((entry) => entry.path === sae.value?.path)?.hook
    return remembered ?? (settings.uiText(`bench.hook.${sae.value?.path ?? ''}`, '') || null)
  })

  function hookExists(each: SaeInfo): boolean {
    return each.hook === null || (model.value?.hookPoints.includes(each.hook) ?? false)
  }

  /** Looks at the folders that ship with the app and at those the user added. */
  async function load(): Promise<void> {
    loading.value = true
    error.value = null
    try {
      bundled.value ||= (await shell.call('app.info', {})).bundledModels
      const found = await engine.call('library.inspect', {
        paths: [bundled.value, ...settings.settings.library.map((entry) => entry.path)]
      })
      models.value = unique(found.models)
      saes.value = unique(found.saes)
      refused.value = found.refused
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      loading.value = false
    }
  }

  /** Lets the user choose a folder, adds what it holds, and says what was found. */
  async function addFolder(): Promise<{ models: number; saes: number } | null> {
    const { path } = await shell.call('dialog.openFolder', { title: 'Add a model or SAE folder' })
    return path === null ? null : addPath(path)
  }

  async function addPath(path: string): Promise<{ models: number; saes: number }> {
    loading.value = true
    try {
      const found = await engine.call('library.inspect', { paths: [path] })
      const entries: LibraryEntry[] = [
        ...found.models.map((each) => ({ path: each.path, kind: 'model' as const, hook: null })),
        ...found.saes.map((each) => ({ path: each.path, kind: 'sae' as const, hook: each.hook }))
      ]
      models.value = unique([...models.value, ...found.models])
      saes.value = unique([...saes.value, ...found.saes])
      refused.value = unique([...found.refused, ...refused.value])
      await settings.update({ library: unique([...settings.settings.library, ...entries]) })
      return { models: found.models.length, saes: found.saes.length }
    } catch (thrown) {
      const { message, fix } = shown(thrown)
      refused.value = unique([{ path, message, fix }, ...refused.value])
      return { models: 0, saes: 0 }
    } finally {
      loading.value = false
    }
  }

  /** Takes a folder off the list; nothing on disk changes. Gives what puts it back. */
  async function remove(path: string): Promise<() => Promise<void>> {
    const before = settings.settings.library
    refused.value = refused.value.filter((each) => each.path !== path)
    models.value = models.value.filter((each) => each.path !== path)
    saes.value = saes.value.filter((each) => each.path !== path)
    await settings.update({ library: before.filter((entry) => entry.path !== path) })
    return async () => {
      await settings.update({ library: before })
      await load()
    }
  }

  const isBundled = (path: string): boolean => bundled.value !== '' && path.startsWith(bundled.value)
  const isAdded = (path: string): boolean => settings.settings.library.some((entry) => entry.path === path)
  const chooseModel = (path: string): void => settings.remember('bench.model', path)
  const chooseSae = (path: string): void => settings.remember('bench.sae', path)
  const chooseHook = (name: string): void => settings.remember(`bench.hook.${sae.value?.path ?? ''}`, name)

  return {
    models,
    saes,
    refused,
    loading,
    error,
    model,
    fitting,
    sae,
    hook,
    load,
    addFolder,
    addPath,
    remove,
    isBundled,
    isAdded,
    chooseModel,
    chooseSae,
    chooseHook
  }
})

function unique<T extends { path: string }>(entries: readonly T[]): T[] {
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()]
}

/** The SAE to start with: a TopK one past the middle of the model tells most; else the first. */
function preferred(saes: readonly SaeInfo[]): SaeInfo | null {
  const topk = saes.filter((each) => each.k !== null && each.labelled)
  return topk[Math.floor(topk.length / 2)] ?? saes[0] ?? null
}
