/** What happens to an SAE's input before the encoder, and how it is undone: centring, per-token normalisation, a fixed factor. */
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Sae } from './types'
import { scaled } from './weights'

/** layer_norm divides by the standard deviation plus this, and multiplies back without it. */
const LAYER_NORM_EPSILON = 1e-5

export interface Normalised {
  readonly xn: Value
  /** Factor and summand [pos, 1] that take the decoder's output back: 1 and 0 where nothing is undone. */
  readonly tokenScale: Value
  readonly tokenShift: Value
}

/** xn = inScale norm(x), x first centred if the SAE expects it. Transcoders write elsewhere, so nothing of the input is undone. */
export function normalise(graph: Graph, sae: Sae, x: Value): Normalised {
  const zeros = op.mul(graph, op.reduceSum(graph, x, { axes: [1], keep: true }), op.scalar(graph, 0))
  const ones = op.add(graph, zeros, op.scalar(graph, 1))
  const removed = sae.centred ? op.reduceMean(graph, x, { axes: [1], keep: true }) : null
  const { xn, tokenScale, tokenShift } = normed(graph, sae, removed ? op.sub(graph, x, removed) : x, { zeros, ones })
  const factored = scaled(graph, xn, sae.inScale)
  if (sae.hookOut !== null) return { xn: factored, tokenScale: ones, tokenShift: zeros }
  return { xn: factored, tokenScale, tokenShift: removed ? op.add(graph, tokenShift, removed) : tokenShift }
}

function normed(graph: Graph, sae: Sae, x: Value, { zeros, ones }: { zeros: Value; ones: Value }): Normalised {
  switch (sae.norm) {
    case 'none':
      return { xn: x, tokenScale: ones, tokenShift: zeros }
    case 'constant_norm_rescale': {
      // xn = x / s with s = |x| / sqrt(d_in);  y = s yn
      const norm = op.sqrt(graph, op.reduceSumSquare(graph, x, { axes: [1], keep: true }))
      const s = scaled(graph, norm, 1 / Math.sqrt(sae.d_in))
      return { xn: op.div(graph, x, s), tokenScale: s, tokenShift: zeros }
    }
    case 'layer_norm': {
      // xn = (x - mean) / (std + epsilon), std with N - 1;  y = std yn + mean
      const mean = op.reduceMean(graph, x, { axes: [1], keep: true })
      const centred = op.sub(graph, x, mean)
      const variance = scaled(graph, op.reduceSumSquare(graph, centred, { axes: [1], keep: true }), 1 / (sae.d_in - 1))
      const std = op.sqrt(graph, variance)
      return { xn: op.div(graph, centred, op.add(graph, std, op.scalar(graph, LAYER_NORM_EPSILON))), tokenScale: std, tokenShift: mean }
    }
  }
}
