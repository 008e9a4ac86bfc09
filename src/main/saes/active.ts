/** From what a gate lets through to the latents that are active anywhere, and their activations. */
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'

/** All activations f [pos, d_sae]; or, of gates that choose a few, those alone: values and latents (int64), both [pos, chosen]. */
export type Activations =
  { readonly kind: 'dense'; readonly f: Value } | { readonly kind: 'chosen'; readonly values: Value; readonly indices: Value }

export interface Active {
  /** Those with an activation above 0 at any position, int64 [U] ascending. */
  readonly latents: Value
  /** Their activations, float32 [pos, U]. */
  readonly Z: Value
}

/** What is active among `activations`. Where a gate chose a few, nothing as wide as positions x d_sae is made or searched. */
export function activeOf(graph: Graph, activations: Activations, d_sae: number): Active {
  return activations.kind === 'dense' ? ofDense(graph, activations.f) : ofChosen(graph, activations, d_sae)
}

function ofDense(graph: Graph, f: Value): Active {
  const latents = marked(graph, op.reduceMax(graph, f, { axes: [0] }))
  return { latents, Z: op.gather(graph, f, latents, 1) }
}

/**
 * Each chosen value above 0 is an entry (position, latent). Entries mark their latents; the marked ones are numbered 0 .. U-1 in ascending
 * order; each entry is written to its position and its latent's number. A latent is chosen once per position, so none is written twice.
 */
function ofChosen(graph: Graph, { values, indices }: Extract<Activations, { kind: 'chosen' }>, d_sae: number): Active {
  const entries = op.transpose(graph, op.nonZero(graph, op.greater(graph, values, op.scalar(graph, 0))))
  const latentOf = op.gatherND(graph, indices, entries)
  const none = op.full(graph, 0, { type: 'float32', shape: [d_sae] })
  const latents = marked(
    graph,
    op.scatterElements(graph, none, latentOf, op.full(graph, 1, { type: 'float32', shape: latentOf.shape }, [latentOf]), 0)
  )

  const [U] = latents.shape
  const numbers = op.iota(graph, op.shapeOf(graph, latents), U ?? 0)
  const numberOf = op.scatterElements(graph, op.full(graph, 0, { type: 'int64', shape: [d_sae] }), latents, numbers, 0)
  const position = op.slice(graph, entries, 1, 0, 1)
  const places = op.concat(graph, [position, op.unsqueeze(graph, op.gather(graph, numberOf, latentOf), [1])], 1)
  const zeros = op.full(graph, 0, { type: 'float32', shape: [values.shape[0] ?? 0, U ?? 0] }, [values, latents])
  return { latents, Z: op.scatterND(graph, zeros, places, op.gatherND(graph, values, entries)) }
}

/** Places above 0 of a vector, ascending. */
function marked(graph: Graph, marks: Value): Value {
  return op.squeeze(graph, op.nonZero(graph, op.greater(graph, marks, op.scalar(graph, 0))), [0])
}
