import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { ImportQuestion, LabelSource, UnfinishedLabels } from '../../shared/records/latent'
import type { ModelInfo, SaeInfo } from '../../shared/records/model'
import type { ShownError } from '../components/ui/types'
import { engine, shell } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { plural } from '../utils/format'
import { useEngine } from './engine'
import { useLabels } from './labels'
import { useLibrary } from './library'
import { useToasts } from './toasts'

/** What a person is asked before labels are attached, and what is imported with the answer. */
export interface PendingImport {
  readonly sae: SaeInfo
  readonly path: string
  readonly question: ImportQuestion
}

/** Where the labels of an SAE come from: listing, importing, computing and removing sources. */
export const useLabelSources = defineStore('label-sources', () => {
  const library = useLibrary()
  const engineStore = useEngine()
  const labels = useLabels()
  const toasts = useToasts()
  const bySae = shallowRef<ReadonlyMap<string, { sources: readonly LabelSource[]; unfinished: readonly UnfinishedLabels[] }>>(new Map())
  const pending = shallowRef<PendingImport | null>(null)
  /** Path of the SAE whose labels are being computed. */
  const computing = ref<string | null>(null)
  const error = shallowRef<ShownError | null>(null)

  async function read(sae: SaeInfo): Promise<void> {
    try {
      const found = await engine.call('labels.sources', { sae: sae.path })
      bySae.value = new Map([...bySae.value, [sae.path, found]])
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  /** Runs `work`, shows what failed, and reads the sources and labels again. */
  async function change(sae: SaeInfo, work: () => Promise<void>): Promise<void> {
    error.value = null
    try {
      await work()
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    }
    await read(sae)
    labels.forget(sae.path)
  }

  async function importFrom(sae: SaeInfo, kind: 'file' | 'folder'): Promise<void> {
    const title = 'Import explanations of latents'
    const { path } =
      kind === 'folder'
        ? await shell.call('dialog.openFolder', { title })
        : await shell.call('dialog.openFile', { title, kind: 'Explanations', extensions: ['jsonl', 'gz', 'json', 'txt'] })
    if (path !== null) await importPath(sae, path, false, null)
  }

  async function importPath(sae: SaeInfo, path: string, confirm: boolean, take: string | null): Promise<void> {
    pending.value = null
    await change(sae, async () => {
      const done = await engineStore.run('Importing labels', (task) =>
        engine.call('labels.import', { sae: sae.path, path, confirm, take }, task)
      )
      if (done.status === 'question') pending.value = { sae, path, question: done.question }
      else toasts.show(`Imported ${plural(done.added, 'explanation')} from ${done.source.name}`, { tone: 'good' })
    })
  }

  /** Answers what was asked: use them for this SAE after all, and where there are several, which. */
  async function answer(take: string | null): Promise<void> {
    const asked = pending.value
    if (asked) await importPath(asked.sae, asked.path, true, take)
  }

  async function compute(model: ModelInfo, sae: SaeInfo): Promise<void> {
    const { path } = await shell.call('dialog.openFile', {
      title: 'Text to compute labels from',
      kind: 'Text',
      extensions: ['txt', 'jsonl']
    })
    if (path !== null) await computeFrom(model.path, sae, { path, hook: library.hookOf(sae) })
  }

  /** Goes on with a computation that was interrupted. */
  async function resume(sae: SaeInfo, { model, path, hook, options }: UnfinishedLabels): Promise<void> {
    await computeFrom(model, sae, { path, hook, options })
  }

  async function computeFrom(
    model: string,
    sae: SaeInfo,
    given: { path: string; hook: string | null; options?: UnfinishedLabels['options'] }
  ): Promise<void> {
    if (computing.value !== null) return
    computing.value = sae.path
    await change(sae, async () => {
      const { path, hook, options } = given
      const call = {
        model,
        sae: sae.path,
        reading: library.readingOf(sae.path),
        device: engineStore.device,
        path,
        hook,
        ...(options && { options })
      }
      const done = await engineStore.run(`Computing labels of ${sae.name}`, (task) => engine.call('labels.compute', call, task))
      toasts.show(`Computed labels of ${plural(done.fired, 'latent')}`, { tone: 'good' })
    })
    computing.value = null
  }

  const remove = (sae: SaeInfo, id: string): Promise<void> =>
    change(sae, async () => void (await engine.call('labels.remove', { sae: sae.path, id })))

  return { bySae, pending, computing, error, read, importFrom, answer, compute, resume, remove }
})
