import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { engine } from '../bridge'

const NONE: ReadonlyMap<number, string> = new Map()

/** Labels of SAEs' latents, read once per SAE folder. */
export const useLabels = defineStore('labels', () => {
  const bySae = shallowRef<ReadonlyMap<string, ReadonlyMap<number, string>>>(new Map())
  const asked = new Set<string>()

  /** The labels of the SAE at `saePath`; empty until they are read, and when its folder has none. Reactive. */
  function of(saePath: string | null): ReadonlyMap<number, string> {
    if (saePath === null) return NONE
    const known = bySae.value.get(saePath)
    if (!known && !asked.has(saePath)) void read(saePath)
    return known ?? NONE
  }

  async function read(saePath: string): Promise<void> {
    asked.add(saePath)
    try {
      const { labels } = await engine.call('latents.labels', { sae: saePath })
      bySae.value = new Map([...bySae.value, [saePath, new Map(labels.map(({ latent, label }) => [latent, label]))]])
    } catch {
      // A folder that has moved since has no labels to show; what needs the SAE itself says so. Asked again next time.
      asked.delete(saePath)
      bySae.value = new Map([...bySae.value, [saePath, NONE]])
    }
  }

  /** Reads them again when they are next asked for: something has been imported, computed or removed. */
  function forget(saePath: string): void {
    asked.delete(saePath)
    bySae.value = new Map([...bySae.value].filter(([path]) => path !== saePath))
  }

  return { of, forget }
})
