import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { LatentUnits } from '../../shared/contract/steering'
import type { Intervention, Recipe } from '../../shared/records/steering'
import type { ShownError } from '../components/ui/types'
import { engine } from '../bridge'
import { directionNorm, NOTHING_KNOWN, type KnownUnits } from '../utils/edit-units'
import { shown, wasCancelled } from '../utils/errors'
import { useEngine } from './engine'
import { useLabels } from './labels'
import { useLibrary } from './library'
import { usePromptText } from './prompt-text'
import { useRecipeSaes, type SaeAt } from './recipe-saes'
import { useSteering } from './steering'

const DELAY = 300
/** Prompts times SAEs that are remembered. */
const MOST = 64
/** Latents of one call. */
const AT_ONCE = 256

/** What is known of one SAE on one prompt. */
interface Measured {
  readonly residualNorm: number
  readonly largest: number
  readonly latents: ReadonlyMap<number, LatentUnits>
}

interface Wanted {
  readonly sae: SaeAt
  readonly latents: ReadonlySet<number>
}

/** What the units of edits come to on the prompt at hand: asked of the engine a moment after something changed, and remembered by prompt and SAE. */
export const useSteeringUnits = defineStore('steering-units', () => {
  const engineStore = useEngine()
  const labels = useLabels()
  const library = useLibrary()
  const prompt = usePromptText()
  const saes = useRecipeSaes()
  const steering = useSteering()

  const measured = shallowRef<ReadonlyMap<string, Measured>>(new Map())
  /** The newest answer for each SAE, shown while another prompt is being typed. */
  const newest = shallowRef<ReadonlyMap<string, Measured>>(new Map())
  const error = shallowRef<ShownError | null>(null)
  /** What the engine refused, so that it is not asked again and again. */
  const refused = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const placeOf = ({ path, hook, reading }: SaeAt): string => JSON.stringify([library.model?.hash, path, hook, reading])
  const keyOf = (sae: SaeAt): string => `${placeOf(sae)} ${JSON.stringify(prompt.input)}`

  /** Latents of the recipes on the bench, by SAE; for directions an SAE at the same hook point without any. */
  const wanted = computed<readonly Wanted[]>(() => {
    const all = new Map<string, { sae: SaeAt; latents: Set<number> }>()
    for (const recipe of steering.columns) {
      for (const edit of recipe.interventions) {
        const sae = measuring(recipe, edit)
        if (!sae) continue
        const known = all.get(placeOf(sae)) ?? { sae, latents: new Set<number>() }
        all.set(placeOf(sae), known)
        if (edit.direction === undefined) known.latents.add(edit.latent)
      }
    }
    return [...all.values()]
  })

  /** The SAE whose units an edit is measured in. */
  function measuring(recipe: Recipe, edit: Intervention): SaeAt | null {
    if (edit.direction === undefined) return saes.of(recipe, edit.sae)
    const hook = recipe.directions?.find(({ id }) => id === edit.direction)?.hook
    return hook === undefined ? null : saes.at(hook)
  }

  /** What is known of an edit's units; nothing where the engine has not said yet. */
  function of(recipe: Recipe, edit: Intervention): KnownUnits {
    const sae = measuring(recipe, edit)
    const found = sae && (measured.value.get(keyOf(sae)) ?? newest.value.get(placeOf(sae)))
    const stream = { residualNorm: found?.residualNorm ?? null, largest: found?.largest ?? null }
    if (edit.direction !== undefined) {
      const vector = recipe.directions?.find(({ id }) => id === edit.direction)?.vector
      return { ...NOTHING_KNOWN, ...stream, largest: null, rowNorm: vector === undefined ? null : directionNorm(vector) }
    }
    const own = found?.latents.get(edit.latent)
    return { ...NOTHING_KNOWN, ...stream, ...(own ? { rowNorm: own.rowNorm, max: own.max, typical: own.typical, source: own.source } : {}) }
  }

  /** What is not known yet and may be asked. */
  function missing({ sae, latents }: Wanted): number[] | null {
    const known = measured.value.get(keyOf(sae))
    const fresh = [...latents].filter((latent) => !known?.latents.has(latent)).slice(0, AT_ONCE)
    if (known && fresh.length === 0) return null
    return refused.has(`${keyOf(sae)} ${fresh.join()}`) ? null : fresh
  }

  async function ask(): Promise<void> {
    const model = library.model
    if (!model || prompt.text === '' || prompt.tooLong || engineStore.busy) return
    for (const each of wanted.value) {
      const latents = missing(each)
      if (latents === null || each.sae.hook === null) continue
      const { sae } = each
      const [key, place] = [keyOf(sae), placeOf(sae)]
      try {
        const answer = await engine.call('steering.units', {
          model: model.path,
          sae: sae.path,
          hook: sae.hook,
          reading: sae.reading,
          device: engineStore.device,
          prompt: prompt.input,
          latents
        })
        keep(key, place, answer)
        error.value = null
      } catch (thrown) {
        if (wasCancelled(thrown)) return
        refused.add(`${key} ${latents.join()}`)
        error.value = shown(thrown)
      }
    }
  }

  function keep(
    key: string,
    place: string,
    { residualNorm, largest, latents }: { residualNorm: number; largest: number; latents: LatentUnits[] }
  ): void {
    const before = measured.value.get(key)?.latents ?? []
    const now: Measured = { residualNorm, largest, latents: new Map([...before, ...latents.map((each) => [each.latent, each] as const)]) }
    measured.value = new Map([...[...measured.value].filter(([each]) => each !== key).slice(1 - MOST), [key, now]])
    // Norms and maxima of latents hold on every prompt.
    const older = newest.value.get(place)?.latents ?? []
    newest.value = new Map([...newest.value, [place, { ...now, latents: new Map([...older, ...now.latents]) }]])
  }

  /** Asks again, of every SAE. */
  function forget(): void {
    measured.value = new Map()
    newest.value = new Map()
    refused.clear()
    later()
  }

  function later(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void ask(), DELAY)
  }

  // Labels that are imported, computed or removed know other activations.
  labels.$onAction(({ name, after }) => {
    if (name === 'forget') after(forget)
  })
  watch([wanted, () => prompt.input, () => engineStore.busy, () => library.model?.path], later, { immediate: true })

  return { error, of }
})
