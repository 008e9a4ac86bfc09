/** Tensors as plain data: making and reading them. */
import { assert } from '../../shared/errors'
import type { ElementType, TypedArray } from '../graph/types'
import type { Tensor } from './types'

/** A dense row-major tensor. The data is not copied. */
export function tensor<A extends TypedArray>(type: ElementType, dims: readonly number[], data: A): Tensor<A> {
  const size = dims.reduce((product, dim) => product * dim, 1)
  assert(size === data.length, `a tensor of shape [${dims.join(', ')}] has ${size} numbers, not ${data.length}`)
  return { type, dims, data }
}

/** A float32 tensor; an array of numbers is converted. */
export function f32(dims: readonly number[], data: Float32Array | readonly number[]): Tensor<Float32Array> {
  return tensor('float32', dims, data instanceof Float32Array ? data : Float32Array.from(data))
}

/** A float64 tensor; an array of numbers is converted. */
export function f64(dims: readonly number[], data: Float64Array | readonly number[]): Tensor<Float64Array> {
  return tensor('float64', dims, data instanceof Float64Array ? data : Float64Array.from(data))
}

/** An int64 tensor from ordinary numbers. */
export function i64(dims: readonly number[], numbers: ArrayLike<number>): Tensor<BigInt64Array> {
  return tensor(
    'int64',
    dims,
    BigInt64Array.from(Array.from(numbers), (number) => BigInt(number))
  )
}

/** A bool tensor. */
export function bool(dims: readonly number[], flags: readonly boolean[]): Tensor<Uint8Array> {
  return tensor('bool', dims, Uint8Array.from(flags, Number))
}

/** The output `name` as float32 data; anything else is a broken promise of the graph. */
export function floatsOf(outputs: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const found = outputs[name]
  assert(found?.data instanceof Float32Array, `the output ${name} is float32`)
  return found.data
}

/** Whether no number is NaN or infinite. A plain loop: `every` takes several times as long, and this looks at all that comes out of a model. */
export function allFinite(numbers: Float32Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false
  return true
}

/** ||x||, summed in float64. A plain loop, as above. */
export function normOf(numbers: Float32Array): number {
  let sum = 0
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0
    sum += number * number
  }
  return Math.sqrt(sum)
}

/** The integer output `name` as ordinary numbers. */
export function integersOf(outputs: Readonly<Record<string, Tensor>>, name: string): number[] {
  const data = outputs[name]?.data
  assert(data instanceof BigInt64Array || data instanceof Int32Array, `the output ${name} holds integers`)
  return Array.from(data, Number)
}

/** The output `name`; missing is a broken promise of the graph. */
export function outputOf(outputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = outputs[name]
  assert(found, `the graph has an output ${name}`)
  return found
}
