/** From an SAE's normalised input to its activations: pre-activations and the gate (types.ts holds the formulas). */
import { assert } from '../../shared/errors'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Activations } from './active'
import type { Gate, Sae } from './types'
import { scaled, slices, weight } from './weights'

export interface Gated {
  readonly activations: Activations
  /**
   * NaN where any pre-activation or threshold is. A gate turns NaN into 0, so that a damaged latent would be missing without a word.
   * Infinities are no damage: -inf as a bias keeps a latent off.
   */
  readonly check: Value
}

/** xn [pos, d_in] -> activations; `norms` [d_sae] are the decoder rows' norms, where the gate needs them. `lean` as `buildEncoder` has it. */
export function gated(graph: Graph, sae: Sae, xn: Value, norms: Value | null, lean = false): Gated {
  const { gate } = sae
  const projected = projection(graph, sae, xn, lean)
  if (gate.kind === 'gated') return twoSided(graph, sae, projected)
  const p = op.add(graph, projected, weight(graph, sae, 'b_enc'))
  switch (gate.kind) {
    case 'relu':
      return { activations: dense(op.relu(graph, p)), check: total(graph, p) }
    case 'jumprelu': {
      const threshold = thresholdOf(graph, sae, gate)
      const open = op.greater(graph, gate.timesDecoderNorm ? times(graph, p, norms) : p, threshold)
      const f = op.where(graph, open, op.relu(graph, p), op.scalar(graph, 0))
      return { activations: dense(f), check: op.add(graph, total(graph, p), op.reduceSum(graph, threshold)) }
    }
    case 'topk': {
      const compared = gate.byDecoderNorm ? times(graph, p, norms) : p
      return { activations: largest(graph, compared, gate.k), check: total(graph, compared) }
    }
    case 'groupmax':
      return { activations: largestOfGroups(graph, p, gate.k, sae.d_sae / gate.k), check: total(graph, p) }
  }
}

/** (xn - inBias) W_enc, [pos, d_sae]. */
function projection(graph: Graph, sae: Sae, xn: Value, lean: boolean): Value {
  const input = sae.inBias === null ? xn : op.sub(graph, xn, weight(graph, sae, sae.inBias))
  if (!lean) return op.matMul(graph, input, weight(graph, sae, 'W_enc'), { transB: sae.encoderByLatent })
  const parts = slices(graph, sae, 'W_enc')
  // Slices of latents lie side by side; slices of d_in add up.
  if (sae.encoderByLatent) {
    return op.concat(
      graph,
      parts.map(({ value }) => op.matMul(graph, input, value, { transB: true })),
      1
    )
  }
  return parts
    .map(({ first, count, value }) => op.matMul(graph, op.slice(graph, input, 1, first, first + count), value))
    .reduce((sum, part) => op.add(graph, sum, part))
}

/** f = relu(q exp(r_mag) + b_mag) where q + b_gate > 0. Source: GatedSAE of SAELens; GatedAutoEncoder of dictionary_learning. */
function twoSided(graph: Graph, sae: Sae, q: Value): Gated {
  const opening = op.add(graph, q, weight(graph, sae, 'b_gate'))
  const magnitude = op.add(graph, op.mul(graph, q, op.exp(graph, weight(graph, sae, 'r_mag'))), weight(graph, sae, 'b_mag'))
  const f = op.where(graph, op.greater(graph, opening, op.scalar(graph, 0)), op.relu(graph, magnitude), op.scalar(graph, 0))
  return { activations: dense(f), check: op.add(graph, total(graph, opening), total(graph, magnitude)) }
}

function thresholdOf(graph: Graph, sae: Sae, { threshold, factor = 1 }: Extract<Gate, { kind: 'jumprelu' }>): Value {
  if (typeof threshold === 'number') return op.float32s(graph, [1], Float32Array.of(threshold * factor))
  const stored = weight(graph, sae, 'threshold')
  return scaled(graph, threshold === 'weight' ? stored : op.exp(graph, stored), factor)
}

const dense = (f: Value): Activations => ({ kind: 'dense', f })

/** relu of the k largest of each position. Of equal ones the lower index is taken, as the runtime's kernel is specified to. */
function largest(graph: Graph, p: Value, k: number): Activations {
  const { values, indices } = op.topK(graph, p, k, 1)
  return { kind: 'chosen', values: op.relu(graph, values), indices }
}

/** relu of the largest of each group of `size` neighbours, of which there are `count`. */
function largestOfGroups(graph: Graph, p: Value, count: number, size: number): Activations {
  const { values, indices } = op.topK(graph, op.reshape(graph, p, ['pos', count, size]), 1, 2)
  const starts = op.constant(
    graph,
    'int64',
    [count, 1],
    Array.from({ length: count }, (_, group) => group * size)
  )
  return {
    kind: 'chosen',
    values: op.squeeze(graph, op.relu(graph, values), [2]),
    indices: op.squeeze(graph, op.add(graph, indices, starts), [2])
  }
}

function times(graph: Graph, p: Value, norms: Value | null): Value {
  assert(norms, 'a gate that compares by decoder norms is given them')
  return op.mul(graph, p, norms)
}

function total(graph: Graph, p: Value): Value {
  return op.reduceSum(graph, p, { axes: [0, 1] })
}
