import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { LatentDetail } from '../../shared/records/latent'
import type { LatentAppearance } from '../../shared/records/project'
import type { Ranking } from '../../shared/records/ranking'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { useEngine } from './engine'

/** What the drawer shows of one latent: its detail from the engine, its appearances from the project. */
export const useLatentDetail = defineStore('latent-detail', () => {
  const engineStore = useEngine()
  const detail = shallowRef<LatentDetail | null>(null)
  const appearances = shallowRef<readonly LatentAppearance[]>([])
  const loading = ref(false)
  const error = shallowRef<ShownError | null>(null)
  let abort: AbortController | null = null

  /** Loads a latent of the SAE that made `ranking`. An earlier request still under way is dropped. */
  async function load(latent: number, ranking: Ranking): Promise<void> {
    abort?.abort()
    const own = (abort = new AbortController())
    const { model, sae } = ranking.provenance
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
