/** Preflights as the window keeps them. */
import type { SaeReading } from '../../shared/records/model'

/** What a preflight is known by: the files of both, and how the SAE is read. */
export function pairKey(model: { readonly hash: string }, sae: { readonly hash: string }, reading: SaeReading): string {
  const choices = Object.entries(reading).filter(([, value]) => value !== undefined)
  return JSON.stringify([model.hash, sae.hash, choices.sort(([a], [b]) => a.localeCompare(b))])
}
