/** What every container of tensors becomes once its header is read and checked. The data stays on disk. */
import type { Dtype } from './dtypes'

/** A deflated zip member. The places of its tensor count from the start of the inflated bytes. */
export interface Packed {
  /** Where the compressed bytes lie in the file. */
  readonly offset: number
  readonly length: number
  /** Bytes it inflates to, and their CRC-32. */
  readonly inflated: number
  readonly crc: number
}

/** A tensor's place in its file. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Steps along each axis, in elements. */
  readonly strides: readonly number[]
  /** Bytes from the start of the file (of the inflated bytes where `packed` is set) to its first element. */
  readonly offset: number
  /** Bytes of the elements themselves: product(shape) times the size of one. */
  readonly length: number
  /** Row-major, little-endian, not compressed: its bytes can be used in place. */
  readonly inPlace: boolean
  readonly bigEndian?: boolean
  readonly packed?: Packed
}

export type Container = 'safetensors' | 'npz' | 'torch' | 'gguf'

/** A checked file. */
export interface TensorFile {
  readonly path: string
  readonly bytes: number
  readonly container: Container
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /** Plain values beside the tensors: numbers, texts, booleans, null, lists and tables of them. Only torch files have any. */
  readonly values: ReadonlyMap<string, unknown>
  readonly metadata: Readonly<Record<string, string>>
  /** What was left out, in words: an opaque pickled object, say. */
  readonly notes: readonly string[]
}

/** Elements of a tensor in row-major order: `count` of them from `start`. */
export interface ElementRange {
  readonly start: number
  readonly count: number
}

/** Types the runtime takes as weights: float32, or cast to it in the graph. */
export type WeightType = 'float32' | 'float16' | 'bfloat16' | 'float64'

/** A weight in one of a folder's files, referenced where it lies. */
export interface WeightRef {
  readonly name: string
  readonly type: WeightType
  readonly shape: readonly number[]
  /** Name of the file in the folder of the model or SAE. */
  readonly file: string
  /** Place of its row-major, little-endian bytes in the file; of no meaning where there is `load`. */
  readonly offset: number
  readonly length: number
  /** Where the file does not hold the bytes as they are needed (compressed, transposed): gives them, row-major and little-endian. */
  readonly load?: () => Promise<Uint8Array>
}
