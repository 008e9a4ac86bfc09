import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { FoundLabel } from '../../shared/records/latent'
import { engine } from '../bridge'

const SHOWN = 40

/** Finds latents of an SAE by number or by words of their explanations. The latest question counts. */
export const useLatentSearch = defineStore('latent-search', () => {
  const found = shallowRef<readonly FoundLabel[]>([])
  const problem = ref('')
  let asked = 0

  async function search(sae: string, query: string): Promise<void> {
    const turn = ++asked
    if (query.trim() === '') return clear()
    try {
      const answer = await engine.call('labels.search', { sae, query, limit: SHOWN })
      if (turn === asked) found.value = answer.found
      problem.value = ''
    } catch {
      if (turn === asked) found.value = []
      problem.value = 'The labels cannot be read.'
    }
  }

  function clear(): void {
    asked++
    found.value = []
  }

  return { found, problem, search, clear }
})
