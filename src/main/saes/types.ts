/** One record for every SAE, whatever the format on disk (formats.md section 1). */
import type { SaeReading } from '../../shared/records/model'
import type { WeightRef } from '../models/types'

/** Names of an SAE's weights here, whatever the file calls them. */
export type SaeWeight =
  'W_enc' | 'b_enc' | 'W_dec' | 'b_dec' | 'in_bias' | 'threshold' | 'b_gate' | 'b_mag' | 'r_mag' | 'W_skip' | 'decode_scale'

/**
 * From pre-activations p to activations f.
 *   relu       f = relu(p)
 *   jumprelu   f = p where p > 0 and p > threshold: one for each latent (the weight `threshold`, or its exponential) or one number for
 *              all; `timesDecoderNorm` compares p times the decoder row's norm instead
 *   topk       f = relu(the k largest of p), or of p times the decoder norms, then divided by them in decode (`byDecoderNorm`)
 *   groupmax   latents split into k equal groups of neighbours; f = relu(the largest of each group)
 *   gated      q = (xn - inBias) W_enc;  f = relu(q exp(r_mag) + b_mag) where q + b_gate > 0
 */
export type Gate =
  | { readonly kind: 'relu' }
  | {
      readonly kind: 'jumprelu'
      readonly threshold: 'weight' | 'exp weight' | number
      /** Factor on the threshold; 1 when absent. */
      readonly factor?: number
      readonly timesDecoderNorm: boolean
    }
  | { readonly kind: 'topk'; readonly k: number; readonly byDecoderNorm: boolean }
  | { readonly kind: 'groupmax'; readonly k: number }
  | { readonly kind: 'gated' }

/** Per-token normalisation of the input, undone on the output. */
export type RuntimeNorm = 'none' | 'constant_norm_rescale' | 'layer_norm'

/**
 * xn = inScale norm(x - mean(x) if centred);  p = (xn - inBias) W_enc + b_enc;  f = gate(p);
 * y = un-norm(((f decode_scale) W_dec + b_dec) / outScale) + mean(x) if centred + x W_skipᵀ;  error = target - y.
 * The target is x itself, and for transcoders the value at `hookOut`. Weights stay in the folder's files.
 */
export interface Sae {
  /** What was opened: a folder, or a file where one file is an SAE. */
  readonly path: string
  /** Folder that the weights' files lie in. */
  readonly folder: string
  readonly name: string
  readonly format: string
  readonly architecture: string
  readonly d_in: number
  /** Width of what is written: d_in but for transcoders. */
  readonly d_out: number
  readonly d_sae: number
  readonly weights: ReadonlyMap<SaeWeight, WeightRef>
  /** How matrices are stored: W_enc as [d_sae, d_in] rather than [d_in, d_sae]; W_dec as [d_out, d_sae] rather than [d_sae, d_out]. */
  readonly encoderByLatent: boolean
  readonly decoderByOutput: boolean
  /** W_skip as [d_in, d_out] rather than [d_out, d_in]. */
  readonly skipByInput: boolean
  readonly gate: Gate
  /** What is subtracted before the encoder: a weight, or nothing. */
  readonly inBias: 'b_dec' | 'in_bias' | null
  readonly norm: RuntimeNorm
  readonly inScale: number
  readonly outScale: number
  /** Whether the SAE expects a residual stream with the mean over d_model taken out (formats.md 8.11). */
  readonly centred: boolean
  /** Hook point it reads; null when the folder does not name one. */
  readonly hook: string | null
  /** Transcoders: the hook point it writes; null for SAEs, which write where they read. */
  readonly hookOut: string | null
  readonly modelName: string | null
  readonly prependBos: boolean
  /** Active latents per position that the folder states (k, or an average_l0), or null. */
  readonly nominalL0: number | null
  /** The SAE's id at Neuronpedia, "modelId/sourceId", where the folder names it. */
  readonly neuronpediaId: string | null
  readonly hash: string
  readonly bytes: number
  /** Every transformation applied on loading, in words. */
  readonly notes: readonly string[]
  /** Other ways this folder can be read, offered by the preflight: what formats leave open (formats.md 10). */
  readonly openQuestions: readonly OpenQuestion[]
}

/** Something a format leaves open, settled by numbers: the choices that a reading may make. */
export type OpenQuestion = 'gate' | 'scale' | 'skip orientation' | 'hook'

/** A place that may be an SAE: a folder with the names of its files, or one file. */
export interface Place {
  readonly path: string
  readonly isFile: boolean
  /** Names of the files (not folders) in it; empty for a file. */
  readonly files: readonly string[]
}

/** A format reader: one file under formats/, one line in its index. */
export interface SaeFormat {
  readonly format: string
  /** What it looks like, for the refusal of a place that no format reads: "cfg.json and sae_weights.safetensors". */
  readonly looksLike: string
  /** Whether the place looks like this format, by content and never by its name alone. Does not throw on foreign files. */
  matches(place: Place): Promise<boolean>
  /** Reads and checks everything but the weights' values. `reading` holds what was chosen where the format leaves a choice. */
  read(place: Place, reading: SaeReading): Promise<Sae>
}

/** What an SAE makes of the hook values of some positions. U latents are active at one of them at least. */
export interface ActiveLatents {
  readonly positions: number
  /** Width of the decoder rows and of all that is written: d_in but for transcoders. */
  readonly d_out: number
  /** [U], ascending. */
  readonly latents: Int32Array
  /** Activations, [positions, U], row-major; mostly 0. */
  readonly Z: Float32Array
  /** d (reconstruction) / d (activation) with every fixed factor but not the position's own, [U, d_out]. */
  readonly rows: Float32Array
  /** [positions, d_out] */
  readonly reconstruction: Float32Array
  /** The value at the hook point minus the reconstruction, [positions, d_out] */
  readonly error: Float32Array
  /** Factor of each position that undoes the SAE's per-token normalisation, [positions]; 1 without one. */
  readonly tokenScale: Float32Array
  /** Summand of each position that undoes it, the same for every coordinate, [positions]; 0 without one. */
  readonly tokenShift: Float32Array
  /** b_dec with every fixed factor, [d_out]: a position's reconstruction is tokenScale (Z rows + bias) + tokenShift + skip. */
  readonly bias: Float32Array
  /** What a transcoder's skip connection adds, [positions, d_out]; null without one. */
  readonly skip: Float32Array | null
}
