import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { LatentDetail } from '../../shared/records/latent'
import type { LatentAppearance } from '../../shared/records/project'
import type { SaeReading } from '../../shared/records/model'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { useEngine } from './engine'

/** What says of which SAE a latent is: a ranking, a comparison. */
export interface LatentOrigin {
  readonly provenance: {
    readonly model: { readonly path: string }
    readonly sae: { readonly path: string; readonly hash: string; readonly reading: SaeReading }
  }
}

/** What the drawer shows of one latent: its detail from the engine, its appearances from the project. */
export const useLatentDetail = defineStore('latent-detail', () => {
  const engineStore = useEngine()
  const detail = shallowRef<LatentDetail | null>(null)
  const appearances = shallowRef<readonly LatentAppearance[]>([])
  const loading = ref(false)
  const error = shallowRef<ShownError | null>(null)
  let abort: AbortController | null = null

  /** Loads a latent of the SAE that `origin` is of. An earlier request still under way is dropped. */
  async function load(latent: number, origin: LatentOrigin): Promise<void> {
    abort?.abort()
    const own = (abort = new AbortController())
    const { model, sae } = origin.provenance
    loading.value = true
    error.value = null
    const inProject = archive.call('rankings.appearances', { saeHash: sae.hash, latent }).catch(() => ({ appearances: [] }))
    try {
      const found = await engine.call(
        'latents.detail',
        { model: model.path, sae: sae.path, reading: sae.reading, latent, device: engineStore.device },
        { signal: own.signal }
      )
      if (own.signal.aborted) return
      detail.value = found
    } catch (thrown) {
      if (own.signal.aborted || wasCancelled(thrown)) return
      detail.value = null
      error.value = shown(thrown)
    } finally {
      if (!own.signal.aborted) loading.value = false
    }
    const listed = (await inProject).appearances
    if (!own.signal.aborted) appearances.value = listed
  }

  return { detail, appearances, loading, error, load }
})
