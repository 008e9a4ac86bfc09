import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

/** What is selected in the shown ranking: the table, the charts, the heat map and the token strip all read and write it. */
export const useSelection = defineStore('selection', () => {
  const latents = shallowRef<ReadonlySet<number>>(new Set())
  /** The latent the drawer explains: the last one chosen. */
  const focus = ref<number | null>(null)
  const position = ref<number | null>(null)
  const hovered = ref<number | null>(null)
  const drawerOpen = ref(false)

  /** Replaces the selection; the focus goes to `focused`, or to the one that is new. */
  function set(next: Iterable<number>, focused?: number): void {
    const before = latents.value
    const now = new Set(next)
    latents.value = now
    const added = [...now].filter((latent) => !before.has(latent))
    if (focused !== undefined) focus.value = focused
    else if (added.length > 0) focus.value = added[added.length - 1] ?? null
    else if (focus.value === null || !now.has(focus.value)) focus.value = [...now][now.size - 1] ?? null
  }

  /** A click on a mark: alone, or added and removed with Ctrl or Shift. */
  function pick(latent: number, event: { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean } | null): void {
    if (!event || !(event.ctrlKey || event.metaKey || event.shiftKey)) return set([latent], latent)
    const next = new Set(latents.value)
    if (!next.delete(latent)) next.add(latent)
    set(next, next.has(latent) ? latent : undefined)
  }

  function pickPosition(next: number | null): void {
    position.value = position.value === next ? null : next
  }

  function clear(): void {
    latents.value = new Set()
    focus.value = null
    position.value = null
    hovered.value = null
  }

  return { latents, focus, position, hovered, drawerOpen, set, pick, pickPosition, clear }
})
