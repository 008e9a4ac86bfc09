/** Which latents of a ranking an experiment changes. */
import type { RankedLatent } from '../../shared/records/ranking'

/** The top and the bottom of a ranking, the most extreme first. */
export interface Ends {
  readonly top: readonly number[]
  readonly bottom: readonly number[]
}

/**
 * Of the latents with a score above 0 (methods.md 1.3): those with the largest scores, and those with the smallest, at most `count` each.
 * Equal scores go by latent, so that nothing depends on anything else.
 */
export function endsOf(latents: readonly Pick<RankedLatent, 'latent' | 'score'>[], count: number): Ends {
  const positive = latents.filter(({ score }) => score > 0)
  const top = [...positive].sort((a, b) => b.score - a.score || a.latent - b.latent)
  const bottom = [...positive].sort((a, b) => a.score - b.score || a.latent - b.latent)
  const first = (list: typeof positive): number[] => list.slice(0, count).map(({ latent }) => latent)
  return { top: first(top), bottom: first(bottom) }
}

/** How many latents `share` percent of the `active` ones are, rounded down, as the paper's code has it. */
export function countOf(share: number, active: number): number {
  return Math.floor((share / 100) * active)
}

/** Latents in both over the size of the larger set, as the paper states overlap; 1 of two empty sets. */
export function shareInBoth(a: readonly number[], b: readonly number[]): number {
  const right = new Set(b)
  const larger = Math.max(a.length, b.length)
  return larger === 0 ? 1 : a.filter((latent) => right.has(latent)).length / larger
}
