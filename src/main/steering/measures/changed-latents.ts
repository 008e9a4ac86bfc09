/**
 * Which latents an edit raised and lowered: the same text (prompt and generated tokens) is read steered and unsteered, the SAE of the bench
 * reads the values at its hook point after the edit, and its activations are averaged over the generated positions.
 *
 *   change[i] = mean steered activation[i] - mean unsteered activation[i]
 */
import type { ChangedLatent } from '../../../shared/records/scores'

/** How many are kept of either kind. */
const KEPT = 12

/** The latents that rose and fell most, largest changes first, the lower number first among equals. Both arguments are [d_sae]. */
export function changedLatents(before: Float64Array, after: Float64Array): { rose: ChangedLatent[]; fell: ChangedLatent[] } {
  const changes: { latent: number; change: number }[] = []
  for (let latent = 0; latent < before.length; latent++) {
    const change = (after[latent] ?? 0) - (before[latent] ?? 0)
    if (change !== 0) changes.push({ latent, change })
  }
  const strongest = (sign: 1 | -1): ChangedLatent[] =>
    changes
      .filter(({ change }) => sign * change > 0)
      .sort((a, b) => sign * (b.change - a.change) || a.latent - b.latent)
      .slice(0, KEPT)
      .map(({ latent }) => ({ latent, before: before[latent] ?? 0, after: after[latent] ?? 0 }))
  return { rose: strongest(1), fell: strongest(-1) }
}
