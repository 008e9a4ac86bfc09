/** One record for every SAE, whatever the format on disk (formats.md section 1). */
import type { WeightRef } from '../models/types'

export type Gate =
  | { readonly kind: 'relu' }
  | { readonly kind: 'jumprelu'; readonly threshold: string }
  | { readonly kind: 'topk'; readonly k: number }

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

/**
 * What an SAE says of n positions, without a dense [n, d_sae] array: only the U latents active at some position appear.
 * reconstruction[p] = sum over u of Z[p, u] * tokenScale[p] * rows[u] + bias[p];  error = value - reconstruction.
 * All arrays are row-major float32.
 */
export interface ActiveLatents {
  readonly positions: number
  /** Ids of the active latents, ascending: [U]. */
  readonly latents: Int32Array
  /** Activations [n, U]; 0 where a latent is not active. */
  readonly Z: Float32Array
  /** Decoder rows with the SAE's fixed factors (decodeScale, 1 / outScale), before the position's own factor: [U, d_in]. */
  readonly rows: Float32Array
  /** Un-normalisation factor of each position, 1 unless the SAE normalises each token: [n]. d y / d f_i = tokenScale * row_i. */
  readonly tokenScale: Float32Array
  /** What the decoder writes when no latent is active (decoder bias, un-normalised): [n, d_in]. */
  readonly bias: Float32Array
  /** [n, d_in]. */
  readonly reconstruction: Float32Array
}

/** A loaded SAE. Made by `createEncoder` in encoder.ts. */
export interface Encoder {
  readonly sae: Sae
  /** Encodes hook values [n, d_in]. @throws SAE_TOO_WIDE, NUMBERS_NOT_FINITE */
  encode(values: Float32Array, positions: number): Promise<ActiveLatents>
  /** Rows of W_dec as stored (`raw`) and with the fixed factors (`decoded`) for any latents, active or not. @throws LATENT_UNKNOWN */
  decoderRows(latents: readonly number[]): Promise<{ raw: Float32Array[]; decoded: Float32Array[] }>
  readonly device: { readonly requested: string; readonly used: string; readonly note: string }
  release(): Promise<void>
}
