import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { promptText as textOf } from '../../shared/prompt-text'
import type { Input, EngineCalls } from '../../shared/contract'
import { Device } from '../../shared/records/model'
import type { LatentLabel } from '../../shared/records/latent'
import type { ExactCheck, Ranking } from '../../shared/records/ranking'
import type { Token } from '../../shared/records/token'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { autoName, indexEntries, rankingRows } from '../utils/ranking-view'
import { switchesOf, targetOf } from '../utils/switches'
import { useEngine } from './engine'
import { useLibrary } from './library'
import { useMethods } from './methods'
import { usePreflights } from './preflights'
import { useProject } from './project'
import { usePromptText } from './prompt-text'
import { useSelection } from './selection'
import { useSettings } from './settings'
import { useSwitches } from './switches'
import { useToasts } from './toasts'

type AttributeCall = Input<EngineCalls['attribution.rank']>

/** Seconds of ablation that need no asking. */
const SHORT = 5

/** Milliseconds between two redraws of the table while an exact check runs: more often would cost frames. */
const REDRAW = 250

/** The Analyse view's job: settings of a run, the run itself, its exact check, and saving. */
export const useAnalysis = defineStore('analysis', () => {
  const library = useLibrary()
  const engineStore = useEngine()
  const methods = useMethods()
  const preflights = usePreflights()
  const prompt = usePromptText()
  const project = useProject()
  const selection = useSelection()
  const settings = useSettings()
  const switches = useSwitches()
  const toasts = useToasts()

  const verifyCount = computed(() => settings.uiNumber('analyse.verify', 20))
  /** The chosen target; null leaves it to the method: its greedy next token. */
  const target = shallowRef<Token | null>(null)

  const ranking = shallowRef<Ranking | null>(null)
  const labels = shallowRef<ReadonlyMap<number, string>>(new Map())
  const savedId = ref<string | null>(null)
  const running = ref<'rank' | 'verify' | null>(null)
  /** Exact effects by latent as an exact check finds them; the ranking takes them when all are known. */
  const arriving = shallowRef<ReadonlyMap<number, number> | null>(null)
  const error = shallowRef<ShownError | null>(null)
  /** A long run that waits for a yes: how long it will take, of how many latents. */
  const wait = shallowRef<{ seconds: number; latents: number; answer: (go: boolean) => void } | null>(null)
  /** The settings that made the shown ranking, to say when they have changed since. */
  const madeWith = ref('')

  const rows = computed(() => (ranking.value ? rankingRows(ranking.value, labels.value) : []))
  const entryIndex = computed(() => (ranking.value ? indexEntries(ranking.value) : new Map<number, number[]>()))
  const saved = computed(() => project.rankings.find((each) => each.id === savedId.value) ?? null)
  const input = computed<AttributeCall | null>(() => {
    if (!library.model || !library.sae) return null
    return {
      model: library.model.path,
      sae: library.sae.path,
      hook: library.hook,
      reading: library.reading,
      device: engineStore.device,
      prompt: prompt.input,
      method: switches.method,
      counterfactual: switches.other,
      target: switches.target(target.value),
      ...switches.input
    }
  })
  const changedSince = computed(() => ranking.value !== null && madeWith.value !== '' && madeWith.value !== fingerprint(input.value))
  const cannotRun = computed(() => {
    if (!library.model) return 'There is no model yet. Add one in the Library.'
    if (!library.sae) return `No SAE fits ${library.model.name}. Add one in the Library.`
    if (!library.hook) return 'Choose the hook point the SAE was trained at.'
    if (prompt.text === '') return 'Type a prompt first.'
    if (preflights.refused(library.model, library.sae)) return 'The preflight says that this SAE does not describe the model.'
    return prompt.tooLong ? 'The prompt is longer than the model’s context.' : switches.missing
  })

  async function run(): Promise<void> {
    const call = input.value
    const pair = { model: library.model, sae: library.sae }
    if (!call || !pair.model || !pair.sae || cannotRun.value !== null || running.value) return
    prompt.flush()
    error.value = null
    running.value = 'rank'
    try {
      if (!(await preflights.ensure(pair.model, pair.sae))) return
      if (switches.method === 'exact' && !(await agreedToWait(call))) return
      const result = await engineStore.run('Ranking latents', (task) =>
        engine.call('attribution.rank', { ...call, preflight: preflights.summary(pair.model, pair.sae) }, task)
      )
      await show(result, null, [])
      madeWith.value = fingerprint(call)
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      running.value = null
    }
  }

  /** Exact ablation runs the model once for each latent: says how long that takes, and asks when it is long. */
  async function agreedToWait(call: AttributeCall): Promise<boolean> {
    const found = await engineStore.run('Estimating the ablations', (task) =>
      engine.call('attribution.estimate', { ...call, count: null }, task)
    )
    if (found.seconds < SHORT) return true
    return new Promise((resolve) => {
      wait.value = {
        ...found,
        answer(go) {
          wait.value = null
          resolve(go)
        }
      }
    })
  }

  /** Zero-ablates the best `verifyCount` latents of the shown ranking; effects appear as they are known. */
  async function verify(): Promise<void> {
    const shownRanking = ranking.value
    if (!shownRanking || running.value) return
    const call = inputOf(shownRanking)
    error.value = null
    running.value = 'verify'
    const latents = shownRanking.latents.slice(0, verifyCount.value).map(({ latent, score }) => ({ latent, score }))
    const startedAs = savedId.value
    /** Another ranking may be opened while this one is checked: nothing found here belongs to that one. */
    const stillShown = (): boolean => ranking.value?.provenance.createdAt === shownRanking.provenance.createdAt
    const known = new Map<number, number>()
    let told = 0
    const tell = (effects: ExactCheck['effects']): void => {
      for (const { latent, exactEffect } of effects) known.set(latent, exactEffect)
      if (performance.now() - told < REDRAW || !stillShown()) return
      told = performance.now()
      arriving.value = new Map(known)
    }
    try {
      const exact = await engineStore.run('Ablating latents', (task) =>
        engine.call('attribution.verify', { ...call, latents }, { ...task, onEvent: ({ effects }) => tell(effects) })
      )
      const id = stillShown() ? savedId.value : startedAs
      if (ranking.value && stillShown()) ranking.value = { ...ranking.value, exact }
      if (id !== null) await project.change(() => archive.call('rankings.update', { id, exact }))
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      arriving.value = null
      running.value = null
    }
  }

  async function save(name: string): Promise<void> {
    const current = ranking.value
    if (!current) return
    // kept with the ranking, so that reports name its latents without the SAE's folder
    const named = rows.value.flatMap(({ latent, label }) => (label === null ? [] : [{ latent, label, source: '' }]))
    const done = await project.change(() =>
      archive.call('rankings.save', { name, promptId: prompt.promptId, ranking: current, labels: named })
    )
    if (!done) return
    savedId.value = done.id
    toasts.show(`Saved the ranking “${name}”`, { tone: 'good' })
  }

  /** Shows a saved ranking exactly as it was, and takes over its settings for the next run. */
  async function openSaved(id: string): Promise<void> {
    error.value = null
    try {
      const record = await archive.call('rankings.get', { id })
      const { ranking: result } = record
      const text = promptText(result)
      // A prompt edited since is left alone: the ranking's own text is shown apart from it.
      const unchanged = project.prompts.some((each) => each.id === record.promptId && each.text === text)
      prompt.show(unchanged ? record.promptId : null, 'chat' in result.prompt ? result.prompt : text)
      library.chooseModel(result.provenance.model.path)
      library.chooseSae(result.provenance.sae.path)
      switches.take(result)
      target.value = result.target.chosenBy === 'user' ? result.target : null
      await show(result, id, record.labels)
      madeWith.value = fingerprint(input.value)
    } catch (thrown) {
      error.value = shown(thrown)
    }
  }

  /** Labels come from the SAE's folder; where it is gone, those kept with the ranking serve. */
  async function show(result: Ranking, id: string | null, kept: readonly LatentLabel[]): Promise<void> {
    const found = await engine.call('latents.labels', { sae: result.provenance.sae.path }).catch(() => ({ labels: kept }))
    labels.value = new Map(found.labels.map((label) => [label.latent, label.label]))
    const active = new Set(result.latents.map((latent) => latent.latent))
    selection.set([...selection.latents].filter((latent) => active.has(latent)))
    selection.position = null
    arriving.value = null
    ranking.value = result
    savedId.value = id
  }

  /** Shows a prompt with its newest saved ranking, or ready for a run. */
  async function openPrompt(id: string): Promise<void> {
    const record = project.prompts.find((each) => each.id === id)
    if (!record) return
    const newest = project.rankings.filter((each) => each.promptId === id).sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0]
    if (newest) await openSaved(newest.id)
    else {
      clear()
      target.value = null
      switches.forgetPrompt()
    }
    prompt.show(id, record.chat ?? record.text)
  }

  function clear(): void {
    ranking.value = null
    savedId.value = null
    error.value = null
    selection.clear()
  }

  const setVerifyCount = (next: number): void => settings.remember('analyse.verify', next)
  const suggestedName = (): string =>
    ranking.value ? autoName(ranking.value, prompt.prompt?.name ?? '', methods.labelOf(ranking.value.method)) : ''

  return {
    verifyCount,
    target,
    ranking,
    labels,
    rows,
    entryIndex,
    savedId,
    saved,
    running,
    arriving,
    error,
    changedSince,
    wait,
    cannotRun,
    run,
    verify,
    save,
    openSaved,
    openPrompt,
    clear,
    setVerifyCount,
    suggestedName
  }
})

const fingerprint = (call: AttributeCall | null): string => JSON.stringify(call)

/** The text a ranking was made of; exact ids are shown as the text they spell. */
function promptText(ranking: Ranking): string {
  if (!('ids' in ranking.prompt)) return textOf(ranking.prompt)
  return ranking.tokens
    .filter((token) => !token.special)
    .map((token) => token.text)
    .join('')
}

/** The call that makes a ranking again, from its own record. */
function inputOf(ranking: Ranking): AttributeCall {
  const { provenance } = ranking
  return {
    model: provenance.model.path,
    sae: provenance.sae.path,
    hook: provenance.hook,
    reading: provenance.sae.reading,
    device: Device.catch('auto').parse(provenance.device.requested),
    prompt: ranking.prompt,
    method: ranking.method,
    counterfactual: ranking.counterfactual,
    target: targetOf(ranking),
    ...switchesOf(ranking)
  }
}
