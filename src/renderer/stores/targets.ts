import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { Token } from '../../shared/records/token'
import { engine } from '../bridge'
import { useLibrary } from './library'

/** Vocabulary search for the target picker. */
export const useTargets = defineStore('targets', () => {
  const library = useLibrary()
  const found = shallowRef<readonly Token[]>([])
  const searching = ref(false)
  let latest = ''

  /** Finds tokens that hold `text`; returns how the text itself splits: one token, or several that must be explained. */
  async function search(text: string): Promise<readonly Token[]> {
    latest = text
    const model = library.model?.path
    if (!model || text === '') {
      found.value = []
      return []
    }
    searching.value = true
    try {
      const [split, list] = await Promise.all([
        engine.call('tokens.target', { model, text }).catch(() => ({ tokens: [] })),
        engine.call('tokens.search', { model, query: text, limit: 50 })
      ])
      if (latest !== text) return []
      const [only] = split.tokens
      const exact = split.tokens.length === 1 && only ? [only] : []
      found.value = [...exact, ...list.tokens.filter((token) => token.id !== only?.id || exact.length === 0)]
      return split.tokens
    } catch {
      // The prompt's own error panel tells when the engine cannot be reached.
      found.value = []
      return []
    } finally {
      if (latest === text) searching.value = false
    }
  }

  return { found, searching, search }
})
