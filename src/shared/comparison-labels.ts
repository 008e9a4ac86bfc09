import type { LatentRef } from './records/scores'
import type { Comparison } from './records/steering'

/** Every latent that a comparison names, each once: of recipes and their conditions, of the concept, and those that rose and fell. */
export function latentsNamed({ columns, concept, provenance }: Comparison): LatentRef[] {
  const bench = provenance.sae?.hash
  const edits = columns.flatMap(({ recipe }) => recipe?.interventions ?? [])
  const all: LatentRef[] = [
    ...edits.flatMap(({ sae, latent, direction }) => (direction === undefined ? [{ sae, latent }] : [])),
    ...edits.flatMap(({ condition }) => (condition?.kind === 'activation' ? [condition] : [])),
    ...(concept?.latent ? [concept.latent] : []),
    ...columns.flatMap(({ measures }) => (measures ? [...measures.rose, ...measures.fell] : []))
  ]
  const refs = all.map(({ sae, latent }): LatentRef => (sae === undefined || sae === bench ? { latent } : { sae, latent }))
  return [...new Map(refs.map((ref) => [JSON.stringify(ref), ref])).values()]
}

/** The comparison with the labels that its latents have now; `labelOf` answers undefined for those without one. */
export function withLabels(comparison: Comparison, labelOf: (ref: LatentRef) => string | undefined): Comparison {
  const labels = latentsNamed(comparison).flatMap((ref) => {
    const label = labelOf(ref)
    return label === undefined ? [] : [{ ...ref, label }]
  })
  const { labels: _before, ...bare } = comparison
  return labels.length === 0 ? bare : { ...bare, labels }
}
