import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { LatentPrompt } from '../../shared/records/sets'
import { archive } from '../bridge'

/** In which prompts of the project's runs over sets a latent mattered. */
export const useLatentPrompts = defineStore('latent-prompts', () => {
  const latent = ref<number | null>(null)
  const saeHash = ref<string | null>(null)
  const prompts = shallowRef<readonly LatentPrompt[]>([])
  const total = ref(0)
  const looking = ref(false)
  let asked = 0

  async function look(hash: string | null, of: number): Promise<void> {
    const mine = ++asked
    latent.value = of
    saeHash.value = hash
    prompts.value = []
    total.value = 0
    if (hash === null) return
    looking.value = true
    try {
      const found = await archive.call('setRuns.latent', { saeHash: hash, latent: of, limit: 200 })
      if (mine !== asked) return
      prompts.value = found.prompts
      total.value = found.total
    } catch {
      // No project is open, or it is being changed: there is nothing to list.
    } finally {
      if (mine === asked) looking.value = false
    }
  }

  return { latent, saeHash, prompts, total, looking, look }
})
