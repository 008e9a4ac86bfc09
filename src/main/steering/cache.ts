/** The row work that a batch of columns needs. Of caches too the rows are the leading axis, so a column's share is one run of memory. */
import { assert } from '../../shared/errors'
import type { KeyValues } from '../models'
import { i64 } from '../runtime'
import type { Feeds, Tensor } from '../runtime/types'

/** The rows `rows` of a cache of `length` positions, in that order; a row may be taken several times. */
export function cacheOfRows({ tensors, room }: KeyValues, length: number, rows: readonly number[]): KeyValues {
  return { tensors: takeFeedRows(tensors, rows), room, written: length }
}

/** The rows `rows` of every feed, in that order. */
export function takeFeedRows(feeds: Feeds, rows: readonly number[]): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [
      name,
      tensor.data instanceof BigInt64Array ? takeIntegers(tensor, rows) : takeRows(tensor, rows)
    ])
  )
}

/** Feeds or outputs of the same names, one below the other. */
export function stackFeeds(parts: readonly Feeds[]): Feeds {
  const [first] = parts
  assert(first, 'there is something to stack')
  if (parts.length === 1) return first
  return Object.fromEntries(
    Object.keys(first).map((name) => {
      const tensors = parts.map((part) => {
        const tensor = part[name]
        assert(tensor, `every part holds ${name}`)
        return tensor
      })
      return [name, stackRows(tensors)]
    })
  )
}

/** Rows of the leading axis, copied in the order given. */
export function takeRows(tensor: Tensor, rows: readonly number[]): Tensor<Float32Array> {
  const [batch = 0, ...rest] = tensor.dims
  const source = float32Of(tensor)
  const size = batch === 0 ? 0 : source.length / batch
  const data = new Float32Array(rows.length * size)
  rows.forEach((row, index) => data.set(source.subarray(row * size, (row + 1) * size), index * size))
  return { type: 'float32', dims: [rows.length, ...rest], data }
}

/** Rows of the leading axis of integers, such as tokens. */
function takeIntegers(tensor: Tensor, rows: readonly number[]): Tensor {
  const [batch = 1, ...rest] = tensor.dims
  const source = Array.from(tensor.data, Number)
  const size = source.length / batch
  return i64(
    [rows.length, ...rest],
    rows.flatMap((row) => source.slice(row * size, (row + 1) * size))
  )
}

/** Tensors that agree in all but the leading axis, joined along it. */
export function stackRows(tensors: readonly Tensor[]): Tensor<Float32Array> {
  const [first] = tensors
  assert(first, 'there is a tensor to stack')
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0))
  let offset = 0
  for (const tensor of tensors) {
    data.set(float32Of(tensor), offset)
    offset += tensor.data.length
  }
  const batch = tensors.reduce((sum, tensor) => sum + (tensor.dims[0] ?? 0), 0)
  return { type: 'float32', dims: [batch, ...first.dims.slice(1)], data }
}

/** The float32 numbers of a tensor that holds them. */
export function float32Of(tensor: Tensor | undefined): Float32Array {
  assert(tensor?.data instanceof Float32Array, 'the tensor holds float32 numbers')
  return tensor.data
}
