/**
 * ONNX as plain data. A `Graph` is built by the functions in `ops/`, differentiated by the autodiff room, written by
 * `serialise.ts` and run by the runtime room. Nothing here computes.
 */
export type ElementType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'bool'

/** A size: a number, or a symbol or expression of symbols such as "batch", "past + seq". Equal strings are equal sizes. */
export type Dim = number | string

/** A named tensor of a graph. Every value knows its element type and symbolic shape. */
export interface Value {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly Dim[]
}

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string }

export interface Node {
  readonly op: string
  /** "" is ONNX itself; "com.microsoft" holds the runtime's fused operators. */
  readonly domain: string
  /** null is an optional input that is left out. */
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

export type TypedArray = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array

/**
 * Where a weight lies on disk: a file inside the model's folder, and a byte range in it. Never copied, but where the file does not
 * hold the bytes as they are needed: then `load` gives them, row-major and little-endian.
 */
export interface ExternalData {
  readonly file: string
  readonly offset: number
  readonly length: number
  readonly load?: () => Promise<Uint8Array>
}

export type Initializer = { readonly value: Value; readonly data: TypedArray } | { readonly value: Value; readonly external: ExternalData }

/** A graph under construction. Nodes are in execution order. */
export interface Graph {
  readonly name: string
  readonly inputs: Value[]
  /** Output name -> value. */
  readonly outputs: Map<string, Value>
  readonly nodes: Node[]
  readonly initializers: Map<string, Initializer>
  /** Next number for fresh value names. */
  fresh: number
}
