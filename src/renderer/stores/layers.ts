import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { z } from 'zod'
import { promptText } from '../../shared/prompt-text'
import type { EngineCalls, Input } from '../../shared/contract'
import type { LatentDetail } from '../../shared/records/latent'
import type { LayerRanking, LayersRanking } from '../../shared/records/layers'
import type { SaeInfo } from '../../shared/records/model'
import { Aggregation } from '../../shared/records/ranking'
import type { ShownError } from '../components/ui/types'
import { engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { layerNames, layerShares, type LayerLatent } from '../utils/layers'
import { frozenOf } from '../utils/switches'
import { useAnalysis } from './analysis'
import { useEngine } from './engine'
import { useLabels } from './labels'
import { useLibrary } from './library'
import { useNavigation } from './navigation'
import { usePromptText } from './prompt-text'
import { useSelection } from './selection'
import { useSettings } from './settings'
import { useSwitches } from './switches'

type LayersCall = Input<EngineCalls['attribution.layers']>

const Paths = z.array(z.string())

/** The Layers view's job: which SAEs, the run, what is selected in its result, and the way from there into Analyse. */
export const useLayers = defineStore('layers', () => {
  const library = useLibrary()
  const engineStore = useEngine()
  const labels = useLabels()
  const analysis = useAnalysis()
  const navigation = useNavigation()
  const prompt = usePromptText()
  const selection = useSelection()
  const settings = useSettings()
  const switches = useSwitches()

  /** SAEs of the model that have a hook point, in the order of the forward pass. */
  const offered = computed<readonly SaeInfo[]>(() => {
    const points = library.model?.hookPoints ?? []
    const place = (sae: SaeInfo): number => points.indexOf(library.hookOf(sae) ?? '')
    return library.fitting.filter((sae) => library.hookOf(sae) !== null).sort((a, b) => place(a) - place(b))
  })
  const left = computed<readonly string[]>(() => {
    try {
      return Paths.catch([]).parse(JSON.parse(settings.uiText('layers.left', '[]')))
    } catch {
      return []
    }
  })
  const chosen = computed(() => offered.value.filter(({ path }) => !left.value.includes(path)))
  const aggregation = computed(() => Aggregation.catch('signed-sum').parse(settings.uiText('layers.aggregation', 'signed-sum')))

  const ranking = shallowRef<LayersRanking | null>(null)
  const running = ref(false)
  const error = shallowRef<ShownError | null>(null)
  const madeWith = ref('')
  const selected = shallowRef<LayerLatent | null>(null)
  /** The chosen layer: that of the latent, or one chosen by itself. */
  const layer = ref<number | null>(null)
  const position = ref<number | null>(null)
  const detail = shallowRef<LatentDetail | null>(null)
  const detailError = shallowRef<ShownError | null>(null)
  let abort: AbortController | null = null

  const names = computed(() => layerNames(ranking.value?.layers ?? []))
  const shares = computed(() => layerShares(ranking.value?.layers ?? []))
  const layerOf = computed<LayerRanking | null>(() => (layer.value === null ? null : (ranking.value?.layers[layer.value] ?? null)))

  const input = computed<LayersCall | null>(() => {
    const { model } = library
    if (!model || chosen.value.length === 0) return null
    const { scope, includeSpecial, position: place } = switches.input
    return {
      model: model.path,
      saes: chosen.value.map((sae) => ({ sae: sae.path, hook: library.hookOf(sae), reading: library.readingOf(sae.path) })),
      device: engineStore.device,
      prompt: prompt.input,
      target: switches.target(analysis.target),
      targetKind: switches.kind,
      aggregation: aggregation.value,
      scope,
      includeSpecial,
      frozen: frozenOf(switches.freeze),
      position: place
    }
  })
  const changedSince = computed(() => ranking.value !== null && madeWith.value !== JSON.stringify(input.value))
  const cannotRun = computed(() => {
    if (!library.model) return 'There is no model yet. Add one in the Library.'
    if (offered.value.length === 0) return `No SAE with a hook point fits ${library.model.name}. Add some in the Library.`
    if (chosen.value.length === 0) return 'Choose at least one SAE.'
    if (prompt.text === '') return 'Type a prompt first.'
    if (prompt.tooLong) return 'The prompt is longer than the model’s context.'
    return switches.targetMissing
  })

  async function run(): Promise<void> {
    const call = input.value
    if (!call || cannotRun.value !== null || running.value) return
    prompt.flush()
    error.value = null
    running.value = true
    try {
      const result = await engineStore.run('Ranking the latents of all layers', (task) => engine.call('attribution.layers', call, task))
      madeWith.value = JSON.stringify(call)
      ranking.value = result
      choose(null)
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      running.value = false
    }
  }

  /** Selects a latent with its layer, or (null) nothing. */
  function choose(next: LayerLatent | null): void {
    selected.value = next
    layer.value = next?.layer ?? null
    position.value = next ? position.value : null
    void describe()
  }

  /** Selects a layer without a latent; the same one again selects nothing. */
  function chooseLayer(next: number): void {
    const same = layer.value === next && selected.value === null
    choose(null)
    layer.value = same ? null : next
  }

  const pickPosition = (next: number): void => void (position.value = position.value === next ? null : next)

  /** What the selected latent stands for. An earlier request still under way is dropped. */
  async function describe(): Promise<void> {
    abort?.abort()
    const own = (abort = new AbortController())
    const [result, wanted] = [ranking.value, selected.value]
    const at = wanted && result?.layers[wanted.layer]
    detail.value = null
    detailError.value = null
    if (!result || !wanted || !at) return
    try {
      const found = await engine.call(
        'latents.detail',
        {
          model: result.provenance.model.path,
          sae: at.sae.path,
          reading: at.sae.reading,
          latent: wanted.latent,
          device: engineStore.device
        },
        { signal: own.signal }
      )
      if (!own.signal.aborted) detail.value = found
    } catch (thrown) {
      if (!own.signal.aborted && !wasCancelled(thrown)) detailError.value = shown(thrown)
    }
  }

  /** Opens Analyse with the SAE of a layer, and ranks there what was ranked here: the same target and switches, the error kept. */
  async function openInAnalyse(at: number): Promise<void> {
    const result = ranking.value
    const opened = result?.layers[at]
    if (!result || !opened) return
    const latent = selected.value?.layer === at ? selected.value.latent : null
    library.chooseModel(result.provenance.model.path)
    library.chooseSae(opened.sae.path)
    switches.take({ ...result, method: 'attribution', substitution: 'reconstruction+error', steps: null, seed: null, counterfactual: null })
    analysis.target = result.target.chosenBy === 'user' && switches.single ? result.target : null
    if (!('ids' in result.prompt) && promptText(result.prompt) !== prompt.text)
      prompt.show(null, 'chat' in result.prompt ? result.prompt : result.prompt.text)
    navigation.go('analyse')
    await analysis.run()
    if (latent !== null && analysis.error === null) selection.set([latent], latent)
  }

  function toggle(path: string, on: boolean): void {
    const rest = left.value.filter((each) => each !== path)
    settings.remember('layers.left', JSON.stringify(on ? rest : [...rest, path]))
  }

  function toggleAll(on: boolean): void {
    const paths = offered.value.map(({ path }) => path)
    const rest = left.value.filter((each) => !paths.includes(each))
    settings.remember('layers.left', JSON.stringify(on ? rest : [...rest, ...paths]))
  }

  const setAggregation = (next: Aggregation): void => settings.remember('layers.aggregation', next)
  /** Labels of a layer's latents. Reactive. */
  const labelsOf = ({ sae }: LayerRanking): ReadonlyMap<number, string> => labels.of(sae.path)

  return {
    offered,
    chosen,
    aggregation,
    ranking,
    running,
    error,
    selected,
    layer,
    position,
    detail,
    detailError,
    names,
    shares,
    layerOf,
    changedSince,
    cannotRun,
    run,
    choose,
    chooseLayer,
    pickPosition,
    openInAnalyse,
    toggle,
    toggleAll,
    setAggregation,
    labelsOf
  }
})
