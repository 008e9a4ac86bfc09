/** Constants and conversions. Small constants are named after their content, so equal ones are one initializer. */
import { assert } from '../../../shared/errors'
import { addConstant, addNode, int } from '../create'
import type { ElementType, Graph, TypedArray, Value } from '../types'

const NAMED_BY_CONTENT = 8
const ONNX_TYPE: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, bfloat16: 16 }

/** A constant tensor, row-major. For float16 and bfloat16 the numbers are held as float32 and cast in the graph. */
export function constant(graph: Graph, type: ElementType, dims: readonly number[], numbers: readonly number[]): Value {
  if (type === 'float16' || type === 'bfloat16') return cast(graph, constant(graph, 'float32', dims, numbers), type)
  const size = dims.reduce((product, dim) => product * dim, 1)
  assert(size === numbers.length, `a constant of shape [${dims.join(', ')}] has ${size} numbers`)
  const content = numbers.map((number) => (Object.is(number, -0) ? '-0' : String(number))).join(',')
  const name = size <= NAMED_BY_CONTENT ? `${type}[${dims.join(',')}]:${content}` : `constant_${graph.fresh++}`
  return addConstant(graph, name, type, dims, typedArray(type, numbers))
}

/** A constant of rank 0. */
export function scalar(graph: Graph, number: number, type: ElementType = 'float32'): Value {
  return constant(graph, type, [], [number])
}

/** A constant int64 vector: axes, indices, sizes. */
export function int64s(graph: Graph, numbers: readonly number[]): Value {
  return constant(graph, 'int64', [numbers.length], numbers)
}

/** A float32 constant given as a typed array, under a fresh name. */
export function float32s(graph: Graph, dims: readonly number[], data: Float32Array): Value {
  return addConstant(graph, `constant_${graph.fresh++}`, 'float32', dims, data)
}

/** Converts the element type; itself when there is nothing to convert. */
export function cast(graph: Graph, x: Value, to: ElementType): Value {
  if (x.type === to) return x
  return addNode(graph, { op: 'Cast', inputs: [x], attributes: { to: int(ONNX_TYPE[to]) } }, { type: to, shape: x.shape })
}

/** The same tensor under another name: a place where gradients can be read, fed or stopped. */
export function identity(graph: Graph, x: Value): Value {
  return addNode(graph, { op: 'Identity', inputs: [x] }, x)
}

function typedArray(type: ElementType, numbers: readonly number[]): TypedArray {
  if (type === 'float32') return Float32Array.from(numbers)
  if (type === 'float64') return Float64Array.from(numbers)
  if (type === 'int64') return BigInt64Array.from(numbers, (number) => BigInt(number))
  if (type === 'int32') return Int32Array.from(numbers)
  return Uint8Array.from(numbers)
}
