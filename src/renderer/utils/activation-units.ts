/**
 * Activations in an SAE's own units, or in those of Neuronpedia, whose dashboards are computed with the decoder norms folded in:
 * activation x |W_dec row| (formats.md 2.6). Influence is the same in both.
 */

/** Norms this near to 1 make no difference that is shown. */
const NEAR = 1e-3

interface Normed {
  readonly decoderNorm: number
}

/** An activation as it is shown. */
export function shownActivation(activation: number, decoderNorm: number, folded: boolean): number {
  return folded ? activation * decoderNorm : activation
}

/** Whether the two units differ for any of these latents. */
export function unitsDiffer(latents: readonly Normed[]): boolean {
  return latents.some(({ decoderNorm }) => Math.abs(decoderNorm - 1) > NEAR)
}

/**
 * The factor of a latent that need not be among the ranked ones: its own where it is, else the norm of its decoder row, or 1 where the
 * ranked ones say that activations have the norms in them already.
 */
export function factorOf(ranked: Normed | null, latents: readonly Normed[], rowNorm: number): number {
  return ranked?.decoderNorm ?? (unitsDiffer(latents) ? rowNorm : 1)
}

/** What the switch between the units says, and what it would change. */
export function unitsHint(latents: readonly Normed[], folded: boolean): string {
  if (!unitsDiffer(latents)) return 'Neuronpedia units: the same here, because the decoder norms are all 1 or in the activations already'
  return folded
    ? 'Neuronpedia units are shown: activation × decoder norm. Click for the SAE’s own'
    : 'Show activations in Neuronpedia units: activation × decoder norm'
}

/** What a column or axis of activations says of its unit. */
export function unitsNote(folded: boolean): string {
  return folded ? 'times the norm of the decoder row, as Neuronpedia shows it' : 'in the SAE’s own units'
}
