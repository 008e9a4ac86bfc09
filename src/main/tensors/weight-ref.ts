/** A tensor of a file as a weight of a graph. */
import { basename } from 'node:path'
import { fail } from '../../shared/errors'
import { FLOAT_DTYPES, type Dtype } from './dtypes'
import { readBytesOf, tensorOf } from './read'
import type { TensorFile, WeightRef, WeightType } from './types'

const WEIGHT_TYPES: Partial<Record<Dtype, WeightType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', F64: 'float64' }

/**
 * The tensor as a weight, checked for presence, shape and type. `hint` says what to check when it is missing. One that cannot be used
 * where it lies carries `load`.
 * @throws TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
export function weightRef(file: TensorFile, name: string, expected: readonly number[], hint: string): WeightRef {
  const { path } = file
  const { dtype, shape, offset, length, inPlace } = tensorOf(file, name, hint)
  const type = WEIGHT_TYPES[dtype] ?? fail('TENSOR_DTYPE', { name, path, dtype, supported: FLOAT_DTYPES.join(', ') })
  if (shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis])) {
    return fail('TENSOR_SHAPE', { name, path, found: shape.join(', '), expected: expected.join(', ') })
  }
  const ref = { name, type, shape, file: basename(path), offset, length }
  return inPlace ? ref : { ...ref, load: () => readBytesOf(file, name) }
}
