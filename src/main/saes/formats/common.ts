/** What format readers share: configurations from disk checked, refusals, matrices whichever way round they are stored. */
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import { isRowMajor } from '../../tensors/layout'
import { tensorOf } from '../../tensors/read'
import { weightRef, type TensorFile, type WeightRef } from '../../tensors/tensor-file'

/** A size, a number of latents, a k. */
export const Size = z.number().int().positive()

/** A configuration checked against its schema. @throws SAE_CONFIG_INVALID, naming the first key that is wrong */
export function parseConfig<T>(schema: z.ZodType<T>, raw: unknown, path: string): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return invalid(path, `${issue?.path.join('.') ?? 'a key'}: ${issue?.message ?? 'is wrong'}`)
}

/** Refuses a configuration with SAE_CONFIG_INVALID. */
export function invalid(path: string, reason: string): never {
  return fail('SAE_CONFIG_INVALID', { path, reason })
}

/** A matrix as it lies in its file: `transposed` is set where the file holds it column by column, and then `ref` is its transpose. */
export interface Matrix {
  readonly ref: WeightRef
  readonly transposed: boolean
}

/**
 * The matrix `name` [rows, columns]. PyTorch stores transposed views as they lie in memory, strides and all; such a matrix is taken as
 * its transpose, whose bytes can be used in place.
 * @throws TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
export function matrixRef(file: TensorFile, name: string, [rows, columns]: readonly [number, number], hint: string): Matrix {
  const ref = weightRef(file, name, [rows, columns], hint)
  const { strides, packed, bigEndian } = tensorOf(file, name)
  const swapped = isRowMajor([columns, rows], [...strides].reverse())
  if (ref.load === undefined || !swapped || packed !== undefined || bigEndian === true) return { ref, transposed: false }
  const { type, file: inFile, offset, length } = ref
  return { ref: { name, type, shape: [columns, rows], file: inFile, offset, length }, transposed: true }
}
