/**
 * The SAE as one graph that never hands dense latents out (types.ts holds the formulas):
 *
 *   dense f [pos, d_sae]  ->  latents [U]: those active anywhere;  Z = f[:, latents];  rows = (decodeScale W_dec / outScale)[latents]
 *   reconstruction = tokenScale (Z rows + b_dec / outScale) + tokenShift;  error = resid - reconstruction
 *
 * tokenScale and tokenShift undo the per-token normalisation: 1 and 0 without one.
 */
import { assert } from '../../shared/errors'
import { addExternal, addInput, addOutput, createGraph } from '../graph/create'
import * as op from '../graph/ops'
import type { Graph, Value } from '../graph/types'
import type { Sae } from './types'

/** layer_norm divides by the standard deviation plus this, and multiplies back without it. */
const LAYER_NORM_EPSILON = 1e-5
/** A decoder row of norm 0 belongs to a latent that is never active; this only keeps 0 / 0 away. */
const SMALLEST_NORM = 1e-30

/**
 * Input: `resid` float32 [pos, d_in]. Outputs: `latents` int64 [U] ascending, `Z` float32 [pos, U], `rows` [U, d_in],
 * `reconstruction` and `error` [pos, d_in], `tokenScale` and `tokenShift` [pos, 1], `bias` = b_dec / outScale [d_in], `check` [].
 */
export function buildEncoder(sae: Sae): Graph {
  const graph = createGraph(`SAE ${sae.name}`)
  const resid = addInput(graph, 'resid', 'float32', ['pos', sae.d_in])
  const { xn, tokenScale, tokenShift } = normalise(graph, sae, resid)
  const norms = sae.rescaleByDecoderNorm ? decoderNorms(graph, sae) : null
  const p = preActivations(graph, sae, xn, norms)
  const f = gated(graph, sae, p)

  const positive = op.greater(graph, op.reduceMax(graph, f, { axes: [0] }), op.scalar(graph, 0))
  const found = op.nonZero(graph, positive)
  const latents = op.squeeze(graph, found, [0])
  const Z = op.gather(graph, f, latents, 1)
  const rows = decoderRows(graph, sae, latents, norms)
  const bias = scaled(graph, weight(graph, sae, 'b_dec'), 1 / sae.outScale)
  const yn = op.add(graph, op.matMul(graph, Z, rows), bias)
  const reconstruction = op.add(graph, op.mul(graph, yn, tokenScale), tokenShift)

  const error = op.sub(graph, resid, reconstruction)
  const outputs = { latents, Z, rows, reconstruction, error, tokenScale, tokenShift, bias, check: checkSum(graph, sae, p) }
  for (const [name, value] of Object.entries(outputs)) addOutput(graph, name, value)
  return graph
}

/** xn = inScale norm(x), and the factor and summand [pos, 1] that undo the norm. */
function normalise(graph: Graph, sae: Sae, x: Value): { xn: Value; tokenScale: Value; tokenShift: Value } {
  const zeros = op.mul(graph, op.reduceSum(graph, x, { axes: [1], keep: true }), op.scalar(graph, 0))
  switch (sae.norm) {
    case 'none':
      return { xn: scaled(graph, x, sae.inScale), tokenScale: op.add(graph, zeros, op.scalar(graph, 1)), tokenShift: zeros }
    case 'constant_norm_rescale': {
      // xn = x / s with s = |x| / sqrt(d_in);  y = s yn
      const norm = op.sqrt(graph, op.reduceSumSquare(graph, x, { axes: [1], keep: true }))
      const s = scaled(graph, norm, 1 / Math.sqrt(sae.d_in))
      return { xn: scaled(graph, op.div(graph, x, s), sae.inScale), tokenScale: s, tokenShift: zeros }
    }
    case 'layer_norm': {
      // xn = (x - mean) / (std + epsilon), std with N - 1;  y = std yn + mean
      const mean = op.reduceMean(graph, x, { axes: [1], keep: true })
      const centred = op.sub(graph, x, mean)
      const variance = scaled(graph, op.reduceSumSquare(graph, centred, { axes: [1], keep: true }), 1 / (sae.d_in - 1))
      const std = op.sqrt(graph, variance)
      const xn = op.div(graph, centred, op.add(graph, std, op.scalar(graph, LAYER_NORM_EPSILON)))
      return { xn: scaled(graph, xn, sae.inScale), tokenScale: std, tokenShift: mean }
    }
  }
}

/** p = (xn - b_dec) W_enc + b_enc, times the decoder norms where the SAE selects by them. */
function preActivations(graph: Graph, sae: Sae, xn: Value, norms: Value | null): Value {
  const input = sae.subtractDecoderBias ? op.sub(graph, xn, weight(graph, sae, 'b_dec')) : xn
  const p = op.add(graph, op.matMul(graph, input, weight(graph, sae, 'W_enc')), weight(graph, sae, 'b_enc'))
  return norms ? op.mul(graph, p, norms) : p
}

/**
 * NaN where any pre-activation or threshold is. A gate turns NaN into 0, so that a damaged latent would be missing without a word.
 * Infinities are no damage: -inf as a bias keeps a latent off.
 */
function checkSum(graph: Graph, sae: Sae, p: Value): Value {
  const sum = op.reduceSum(graph, p, { axes: [0, 1] })
  if (sae.gate.kind !== 'jumprelu') return sum
  return op.add(graph, sum, op.reduceSum(graph, weight(graph, sae, sae.gate.threshold), { axes: [0] }))
}

/** f [pos, d_sae]. Of equal pre-activations TopK takes the ones with the lower index, as the runtime's kernel is specified to. */
function gated(graph: Graph, sae: Sae, p: Value): Value {
  switch (sae.gate.kind) {
    case 'relu':
      return op.relu(graph, p)
    case 'jumprelu': {
      const open = op.greater(graph, p, weight(graph, sae, sae.gate.threshold))
      return op.where(graph, open, op.relu(graph, p), op.scalar(graph, 0))
    }
    case 'topk': {
      const { values, indices } = op.topK(graph, p, sae.gate.k)
      const zeros = op.full(graph, 0, p, [p])
      return op.scatterElements(graph, zeros, indices, op.relu(graph, values), 1)
    }
  }
}

/** d yn / d f for each of the given latents: the decoder rows with every fixed factor. */
function decoderRows(graph: Graph, sae: Sae, latents: Value, norms: Value | null): Value {
  const rows = scaled(graph, op.gather(graph, weight(graph, sae, 'W_dec'), latents), 1 / sae.outScale)
  const times = (value: Value, factors: Value): Value => op.mul(graph, value, op.unsqueeze(graph, op.gather(graph, factors, latents), [1]))
  const finetuned = sae.decodeScale === null ? rows : times(rows, weight(graph, sae, sae.decodeScale))
  return norms ? times(finetuned, op.reciprocal(graph, norms)) : finetuned
}

/** |W_dec[i]| for every latent, [d_sae]. Depends on weights only, so the runtime computes it once, when the session loads. */
function decoderNorms(graph: Graph, sae: Sae): Value {
  const norms = op.sqrt(graph, op.reduceSumSquare(graph, weight(graph, sae, 'W_dec'), { axes: [1] }))
  return op.max(graph, norms, op.scalar(graph, SMALLEST_NORM))
}

function weight(graph: Graph, sae: Sae, name: string): Value {
  const ref = sae.weights.get(name)
  assert(ref, `the SAE ${sae.name} has the tensor ${name}`)
  const { file, offset, length } = ref
  return op.cast(graph, addExternal(graph, ref.name, ref.type, ref.shape, { file, offset, length }), 'float32')
}

function scaled(graph: Graph, x: Value, factor: number): Value {
  return factor === 1 ? x : op.mul(graph, x, op.scalar(graph, factor))
}
