import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { withLabels } from '../../shared/comparison-labels'
import type { Comparison } from '../../shared/records/steering'
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

  /** The labels as they are, waited for where they are not read yet. */
  async function known(saePath: string): Promise<ReadonlyMap<number, string>> {
    if (!bySae.value.has(saePath)) await read(saePath)
    return bySae.value.get(saePath) ?? NONE
  }

  /** The comparison with the labels of the latents that it names, of every SAE that was used, for reports. */
  async function labelled(comparison: Comparison): Promise<Comparison> {
    const { sae, others = [] } = comparison.provenance
    const bySaeHash = new Map<string | undefined, ReadonlyMap<number, string>>()
    if (sae) bySaeHash.set(undefined, await known(sae.path))
    for (const { hash, path } of others) bySaeHash.set(hash, await known(path))
    return withLabels(comparison, (ref) => bySaeHash.get(ref.sae)?.get(ref.latent))
  }

  /** Reads them again when they are next asked for: something has been imported, computed or removed. */
  function forget(saePath: string): void {
    asked.delete(saePath)
    bySae.value = new Map([...bySae.value].filter(([path]) => path !== saePath))
  }

  return { of, labelled, forget }
})
