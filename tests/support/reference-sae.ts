/**
 * SAELens's encode and decode written again, densely and in float64, from its formulas (sae_lens/saes: sae.py, standard_sae.py,
 * topk_sae.py, jumprelu_sae.py) and not from ours. The oracle of the encoder's tests.
 */
import type { SaeSpec } from './random-sae'

export interface ReferenceSae {
  /** Activations of one position, [d_sae]. */
  encode(x: readonly number[]): number[]
  /** Reconstruction of one position from any activations, with the normalisation taken from `x`. */
  decode(f: readonly number[], x: readonly number[]): number[]
}

export function referenceSae(spec: SaeSpec, weights: Readonly<Record<string, ArrayLike<number>>>): ReferenceSae {
  const { d_in, d_sae } = spec
  const at = (name: string, index: number): number => weights[name]?.[index] ?? NaN
  const decoderNorm = (i: number): number => Math.sqrt(sum(d_in, (j) => at('W_dec', i * d_in + j) ** 2))
  const rescaled = spec.architecture === 'topk' && spec.rescaleByDecoderNorm

  const activate = (p: number[]): number[] => {
    if (spec.architecture === 'standard') return p.map((value) => Math.max(value, 0))
    if (spec.architecture === 'jumprelu') return p.map((value, i) => (value > at('threshold', i) ? Math.max(value, 0) : 0))
    const selected = rescaled ? p.map((value, i) => value * decoderNorm(i)) : p
    const kept = new Set(
      selected
        .map((value, i) => ({ value, i }))
        .sort((a, b) => b.value - a.value || a.i - b.i)
        .slice(0, spec.k)
        .map(({ i }) => i)
    )
    return selected.map((value, i) => (kept.has(i) ? Math.max(value, 0) : 0))
  }

  return {
    encode(x) {
      const input = normalised(spec, x).map((value, j) => value - (spec.applyDecoderBias ? at('b_dec', j) : 0))
      const p = Array.from({ length: d_sae }, (_, i) => sum(d_in, (j) => (input[j] ?? 0) * at('W_enc', j * d_sae + i)) + at('b_enc', i))
      return activate(p)
    },
    decode(f, x) {
      const factor = (i: number): number => (spec.finetuned ? at('scaling_factor', i) : 1) / (rescaled ? decoderNorm(i) : 1)
      const y = Array.from(
        { length: d_in },
        (_, j) => sum(d_sae, (i) => (f[i] ?? 0) * factor(i) * at('W_dec', i * d_in + j)) + at('b_dec', j)
      )
      return denormalised(spec, y, x)
    }
  }
}

function normalised(spec: SaeSpec, x: readonly number[]): number[] {
  const { mean, std, norm } = statistics(x)
  switch (spec.normalize) {
    case 'none':
      return [...x]
    case 'constant_norm_rescale':
      return x.map((value) => (value * Math.sqrt(x.length)) / norm)
    case 'layer_norm':
      return x.map((value) => (value - mean) / (std + 1e-5))
    case 'expected_average_only_in':
      return x.map((value) => value * spec.scale)
  }
}

function denormalised(spec: SaeSpec, y: number[], x: readonly number[]): number[] {
  const { mean, std, norm } = statistics(x)
  switch (spec.normalize) {
    case 'none':
      return y
    case 'constant_norm_rescale':
      return y.map((value) => (value * norm) / Math.sqrt(x.length))
    case 'layer_norm':
      return y.map((value) => value * std + mean)
    case 'expected_average_only_in':
      return y.map((value) => value / spec.scale)
  }
}

function statistics(x: readonly number[]): { mean: number; std: number; norm: number } {
  const mean = sum(x.length, (j) => x[j] ?? 0) / x.length
  const std = Math.sqrt(sum(x.length, (j) => ((x[j] ?? 0) - mean) ** 2) / (x.length - 1))
  return { mean, std, norm: Math.sqrt(sum(x.length, (j) => (x[j] ?? 0) ** 2)) }
}

function sum(count: number, term: (index: number) => number): number {
  let total = 0
  for (let index = 0; index < count; index++) total += term(index)
  return total
}
