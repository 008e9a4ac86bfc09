/** What the concept of a comparison is called, without saying which recipe it is of. */
import type { LatentRef } from '../../shared/records/scores'
import type { Comparison } from '../../shared/records/steering'

/** Keywords, pattern, and the labels of the latents the concept scores are about: the one chosen, or the first that each recipe edits. */
export function conceptWords({ columns, concept, labels, provenance }: Comparison): string {
  const labelOf = ({ sae, latent }: LatentRef): string => {
    const own = sae === provenance.sae?.hash ? undefined : sae
    const known = labels?.find((each) => each.latent === latent && each.sae === own)
    return known ? `“${known.label}”` : `latent ${latent}`
  }
  const firsts = columns.flatMap(({ recipe }) => recipe?.interventions.find(({ direction }) => direction === undefined) ?? [])
  const latents = concept?.latent ? [concept.latent] : firsts
  const words = [
    ...(concept?.keywords ?? []).map((word) => `the word “${word}”`),
    ...(concept?.pattern ? [`matches of ${concept.pattern}`] : [])
  ]
  return [...new Set([...latents.map(labelOf), ...words])].join(', or ') || 'what the recipes are meant to bring out'
}
