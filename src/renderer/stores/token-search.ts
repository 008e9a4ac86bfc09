import { defineStore } from 'pinia'
import type { Token } from '../../shared/records/token'
import { engine } from '../bridge'
import { shown } from '../utils/errors'
import { useToasts } from './toasts'

/** Looks up tokens of a model's vocabulary by text. */
export const useTokenSearch = defineStore('token-search', () => {
  const toasts = useToasts()

  async function find(model: string, query: string, limit = 50): Promise<readonly Token[]> {
    try {
      return (await engine.call('tokens.search', { model, query, limit })).tokens
    } catch (thrown) {
      const { message, fix } = shown(thrown)
      toasts.show(`${message} ${fix}`, { tone: 'bad' })
      return []
    }
  }

  return { find }
})
