import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ModelInfo, SaeInfo, SaeReading } from '../../shared/records/model'
import type { LibraryEntry } from '../../shared/records/settings'
import type { ShownError } from '../components/ui/types'
import { engine, shell } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { fitOf } from '../utils/fits'
import { accepted, isNew, preferredSae, unique, withReading, type Found } from '../utils/library'
import { useEngine } from './engine'
import { useSettings } from './settings'

export interface RefusedFolder {
  path: string
  message: string
  fix: string
}

/** An SAE that several formats would read, until one is chosen. */
export interface AmbiguousSae {
  readonly path: string
  readonly formats: readonly string[]
}

/** An entry whose files are not what they were: gone, or others in their place (`now` says what they have become). */
export interface Astray {
  readonly entry: LibraryEntry
  readonly state: 'missing' | 'changed' | 'unreadable'
  readonly now: ModelInfo | SaeInfo | null
  readonly reason: string
}

/** Files that may be an SAE by themselves. */
const EXTENSIONS = ['safetensors', 'npz', 'pt', 'pth', 'bin'] as const

/** Models and SAEs the window knows, and which of them are at work (model, SAE, hook point). */
export const useLibrary = defineStore('library', () => {
  const settings = useSettings()
  const engineStore = useEngine()
  const shipped = shallowRef<Found>({ models: [], saes: [] })
  const astray = shallowRef<readonly Astray[]>([])
  const refused = shallowRef<readonly RefusedFolder[]>([])
  const ambiguous = shallowRef<readonly AmbiguousSae[]>([])
  const bundled = ref('')
  const loading = ref(true)
  const error = shallowRef<ShownError | null>(null)

  const entries = computed(() => settings.settings.library)
  const usable = computed(() => entries.value.filter(({ path }) => !astray.value.some(({ entry }) => entry.path === path)))
  const models = computed<readonly ModelInfo[]>(() =>
    unique([...shipped.value.models, ...usable.value.flatMap(({ model: each }) => each ?? [])])
  )
  const saes = computed<readonly SaeInfo[]>(() => unique([...shipped.value.saes, ...usable.value.flatMap(({ sae: each }) => each ?? [])]))

  const model = computed(() => models.value.find((each) => each.path === settings.uiText('bench.model', '')) ?? models.value[0] ?? null)
  /** SAEs that can be used with the model at work, and the others with the reason. */
  const fitting = computed(() => saes.value.filter((each) => model.value !== null && fitOf(model.value, each, hookFor(each)).fits))
  const unfitting = computed(() =>
    saes.value.flatMap((each) => {
      const { fits, reason } = model.value ? fitOf(model.value, each, hookFor(each)) : { fits: false, reason: 'there is no model' }
      return fits ? [] : [{ sae: each, reason }]
    })
  )
  const sae = computed(() => fitting.value.find((each) => each.path === settings.uiText('bench.sae', '')) ?? preferredSae(fitting.value))
  const hook = computed(() => (sae.value ? hookOf(sae.value) : null))
  const reading = computed<SaeReading>(() => (sae.value ? readingOf(sae.value.path) : {}))

  /** Where an SAE writes: as its files say, else as was chosen. */
  const hookOf = (each: SaeInfo): string | null => each.hookOut ?? each.hook ?? hookFor(each)
  const readingOf = (path: string): SaeReading => entries.value.find((entry) => entry.path === path)?.reading ?? {}
  /** The hook point chosen for an SAE whose files name none. */
  function hookFor(each: SaeInfo): string | null {
    const remembered = entries.value.find((entry) => entry.path === each.path)?.hook
    return remembered ?? (settings.uiText(`bench.hook.${each.path}`, '') || null)
  }

  /** Looks at what ships with the app, and whether the files of the list are what they were. */
  async function load(): Promise<void> {
    loading.value = true
    error.value = null
    try {
      bundled.value ||= (await shell.call('app.info', {})).bundledModels
      const found = await engine.call('library.inspect', { paths: [bundled.value] })
      shipped.value = { models: found.models, saes: await Promise.all(found.saes.map(asRead)) }
      refused.value = found.refused
      await check()
    } catch (thrown) {
      error.value = shown(thrown)
    } finally {
      loading.value = false
    }
  }

  const asRead = async (each: SaeInfo): Promise<SaeInfo> => {
    const own = readingOf(each.path)
    return Object.keys(own).length === 0 ? each : engine.call('sae.open', { sae: each.path, reading: own })
  }

  /** Compares each entry's files with what is known of them; only files that look different are opened. */
  async function check(): Promise<void> {
    const listed = entries.value.filter(({ path }) => !isBundled(path))
    const { stamps } = await engine.call('library.stamps', { paths: listed.map(({ path }) => path) })
    const wrong: Astray[] = []
    const fresh: LibraryEntry[] = []
    for (const [index, entry] of listed.entries()) {
      const stamp = stamps[index] ?? ''
      if (stamp === '') wrong.push({ entry, state: 'missing', now: null, reason: 'It is no longer there.' })
      else if (stamp !== entry.stamp) {
        const looked = await lookAgain(entry, stamp)
        if ('state' in looked) wrong.push(looked)
        else fresh.push(looked)
      }
    }
    astray.value = wrong
    if (fresh.length > 0) await keep(fresh)
  }

  /** Files that look different: the same content after all, or others. */
  async function lookAgain(entry: LibraryEntry, stamp: string): Promise<LibraryEntry | Astray> {
    try {
      const now = await open(entry)
      return isNew(entry, now) ? { entry, state: 'changed', now, reason: 'Its files have changed.' } : accepted(entry, now, stamp)
    } catch (thrown) {
      return { entry, state: 'unreadable', now: null, reason: shown(thrown).message }
    }
  }

  function open({ kind, path, reading: own }: LibraryEntry): Promise<ModelInfo | SaeInfo> {
    return kind === 'model' ? engine.call('model.open', { model: path }) : engine.call('sae.open', { sae: path, reading: own })
  }

  const keep = (changed: readonly LibraryEntry[]): Promise<void> => settings.update({ library: unique([...entries.value, ...changed]) })

  /** Uses the files that have taken an entry's place. What was known of the old ones no longer counts for it. */
  async function acceptChanged(path: string): Promise<void> {
    const found = astray.value.find(({ entry }) => entry.path === path)
    if (!found?.now) return
    const { stamps } = await engine.call('library.stamps', { paths: [path] })
    await keep([accepted(found.entry, found.now, stamps[0] ?? '')])
    astray.value = astray.value.filter((each) => each !== found)
  }

  /** A file is looked for among files. */
  function where({ path, kind }: LibraryEntry): Promise<{ path: string | null }> {
    const title = 'Where is it now?'
    const extension = EXTENSIONS.find((each) => kind === 'sae' && path.endsWith(`.${each}`))
    if (extension === undefined) return shell.call('dialog.openFolder', { title })
    return shell.call('dialog.openFile', { title, kind: 'SAE weights', extensions: [extension] })
  }

  /** Finds moved files again: the folder the user points at must hold the same ones. Gives what was wrong, or null. */
  async function locate(path: string): Promise<string | null> {
    const found = astray.value.find(({ entry }) => entry.path === path)
    if (!found) return null
    const chosen = await where(found.entry)
    if (chosen.path === null) return null
    const moved = { ...found.entry, path: chosen.path }
    const now = await open(moved)
    if (isNew(found.entry, now)) return `${chosen.path} holds other files: ${now.name} with another hash.`
    const { stamps } = await engine.call('library.stamps', { paths: [chosen.path] })
    astray.value = astray.value.filter((each) => each !== found)
    const rest = entries.value.filter((entry) => entry.path !== path)
    await settings.update({ library: unique([...rest, accepted(moved, now, stamps[0] ?? '')]) })
    return null
  }

  /** Lets the user choose a folder, adds what it holds, and says what was found. */
  async function addFolder(): Promise<{ models: number; saes: number } | null> {
    const { path } = await shell.call('dialog.openFolder', { title: 'Add a model or SAE folder' })
    return path === null ? null : addPaths([path])
  }

  /** The same for a single file, where one file is an SAE. */
  async function addFile(): Promise<{ models: number; saes: number } | null> {
    const { path } = await shell.call('dialog.openFile', { title: 'Add an SAE file', kind: 'SAE weights', extensions: [...EXTENSIONS] })
    return path === null ? null : addPaths([path])
  }

  /** Adds every model and SAE at or below the paths; what cannot be used is listed with the reason. */
  async function addPaths(paths: readonly string[]): Promise<{ models: number; saes: number }> {
    loading.value = true
    try {
      const found = await engineStore.run('Looking at folders', (task) => engine.call('library.inspect', { paths: [...paths] }, task))
      const all = [...found.models.map((each) => entryOf(each, 'model')), ...found.saes.map((each) => entryOf(each, 'sae'))]
      const { stamps } = await engine.call('library.stamps', { paths: all.map(({ path }) => path) })
      refused.value = unique([...found.refused, ...refused.value])
      ambiguous.value = unique([...ambiguous.value, ...found.ambiguous.filter(({ path }) => readingOf(path).format === undefined)])
      await keep(all.map((entry, index) => ({ ...entry, stamp: stamps[index] ?? '' })))
      astray.value = astray.value.filter(({ entry }) => !all.some(({ path }) => path === entry.path))
      return { models: found.models.length, saes: found.saes.length }
    } catch (thrown) {
      if (!wasCancelled(thrown)) refused.value = unique([...paths.map((path) => ({ path, ...shown(thrown) })), ...refused.value])
      return { models: 0, saes: 0 }
    } finally {
      loading.value = false
    }
  }

  function entryOf(info: ModelInfo | SaeInfo, kind: 'model' | 'sae'): LibraryEntry {
    const before = entries.value.find((entry) => entry.path === info.path)
    return accepted({ path: info.path, kind, hook: before?.hook ?? null, stamp: '', model: null, sae: null, reading: {} }, info, '')
  }

  /** Adds an SAE that can be read in several ways as one of this format. */
  async function choose(path: string, format: string): Promise<void> {
    const info = await engine.call('sae.open', { sae: path, reading: { format } })
    const { stamps } = await engine.call('library.stamps', { paths: [path] })
    await keep([{ ...entryOf(info, 'sae'), reading: { format }, stamp: stamps[0] ?? '' }])
    ambiguous.value = ambiguous.value.filter((each) => each.path !== path)
  }

  /** Reads an SAE another way from now on; {} as its files say. */
  async function setReading(path: string, next: SaeReading): Promise<void> {
    const info = await engine.call('sae.open', { sae: path, reading: next })
    const known = entries.value.find((entry) => entry.path === path)
    // Files that have become others meanwhile are for a person to accept first.
    if (known && isNew(known, info)) return check()
    const before = entries.value.find((entry) => entry.path === path) ?? entryOf(info, 'sae')
    if (isBundled(path)) shipped.value = { ...shipped.value, saes: unique([...shipped.value.saes, info]) }
    await keep([withReading(before, info, next)])
  }

  /** Takes one off the list; nothing on disk changes. Gives what puts it back. */
  async function remove(path: string): Promise<() => Promise<void>> {
    const before = entries.value
    refused.value = refused.value.filter((each) => each.path !== path)
    ambiguous.value = ambiguous.value.filter((each) => each.path !== path)
    astray.value = astray.value.filter(({ entry }) => entry.path !== path)
    await settings.update({ library: before.filter((entry) => entry.path !== path) })
    return async () => {
      await settings.update({ library: before })
      await check()
    }
  }

  const isAstray = (path: string): boolean => astray.value.some(({ entry }) => entry.path === path)
  const isBundled = (path: string): boolean =>
    bundled.value !== '' && path.startsWith(bundled.value) && /^[\\/]/.test(path.slice(bundled.value.length))
  const isAdded = (path: string): boolean => !isBundled(path) && entries.value.some((entry) => entry.path === path)
  const chooseModel = (path: string): void => settings.remember('bench.model', path)
  const chooseSae = (path: string): void => settings.remember('bench.sae', path)
  const chooseHookOf = (path: string, name: string): void => settings.remember(`bench.hook.${path}`, name)
  const chooseHook = (name: string): void => chooseHookOf(sae.value?.path ?? '', name)

  return {
    models,
    saes,
    astray,
    refused,
    ambiguous,
    loading,
    error,
    model,
    fitting,
    unfitting,
    sae,
    hook,
    reading,
    hookOf,
    readingOf,
    load,
    check,
    acceptChanged,
    locate,
    addFolder,
    addFile,
    addPaths,
    choose,
    setReading,
    remove,
    isAstray,
    isBundled,
    isAdded,
    chooseModel,
    chooseSae,
    chooseHook,
    chooseHookOf
  }
})
