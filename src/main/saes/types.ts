/** One record for every SAE, whatever the format on disk (formats.md section 1). */
import type { WeightRef } from '../models/types'

export type Gate =
  { readonly kind: 'relu' } | { readonly kind: 'jumprelu'; readonly threshold: string } | { readonly kind: 'topk'; readonly k: number }

/** Per-token normalisation of the input, undone on the output. */
export type RuntimeNorm = 'none' | 'constant_norm_rescale' | 'layer_norm'

/**
 * xn = inScale * norm(x);  p = (xn - inBias) W_enc + b_enc;  f = gate(p);
 * y = un-norm(((f * decodeScale) W_dec + b_dec) / outScale);  error = x - y.
 * Weights stay in the folder's files and are referenced by tensor name.
 */
export interface Sae {
  readonly folder: string
  readonly name: string
  readonly format: string
  readonly architecture: string
  readonly d_in: number
  readonly d_sae: number
  readonly weights: ReadonlyMap<string, WeightRef>
  readonly gate: Gate
  /** Whether b_dec is subtracted before the encoder. */
  readonly subtractDecoderBias: boolean
  /** TopK only: pre-activations are multiplied by the decoder norms before the selection and divided again in decode. */
  readonly rescaleByDecoderNorm: boolean
  readonly norm: RuntimeNorm
  readonly inScale: number
  readonly outScale: number
  /** Name of a [d_sae] tensor that multiplies activations in decode only, or null. */
  readonly decodeScale: string | null
  readonly hook: string | null
  readonly modelName: string | null
  readonly prependBos: boolean
  readonly hash: string
  readonly bytes: number
  readonly notes: readonly string[]
}

/** A format reader: one file under formats/, one line in its index. */
export interface SaeFormat {
  readonly format: string
  /** Whether the folder looks like this format, by content. */
  matches(folder: string): Promise<boolean>
  /** Reads and checks everything but the weights' values. */
  read(folder: string): Promise<Sae>
}
