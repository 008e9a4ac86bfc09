import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

export type ViewName = 'analyse' | 'layers' | 'rankings' | 'steer' | 'sets' | 'experiments' | 'reports' | 'library'

/**
 * Something one view asks of another. The view named in `view` is shown, watches `request`, does it, and calls `taken()`.
 * - steer: put these latents into a recipe (of this SAE);
 * - open-recipe / open-comparison / compare-rankings: show the saved thing.
 */
export type Request =
  | { kind: 'steer'; latents: readonly { latent: number; label: string | null; activation: number }[]; saePath: string; hook: string }
  | { kind: 'open-recipe'; id: string }
  | { kind: 'open-comparison'; id: string }
  | { kind: 'compare-rankings'; ids: readonly string[] }

/** Which view is shown, and what it was asked to do. */
export const useNavigation = defineStore('navigation', () => {
  const view = ref<ViewName>('analyse')
  const request = shallowRef<Request | null>(null)

  function go(next: ViewName, ask: Request | null = null): void {
    view.value = next
    if (ask) request.value = ask
  }

  function taken(): void {
    request.value = null
  }

  return { view, request, go, taken }
})
