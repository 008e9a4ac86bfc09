/** Vectors of recipes as text: float32, little-endian, as base64. */
import { endianness } from 'node:os'
import { assert, fail } from '../../shared/errors'
import type { Direction } from '../../shared/records/steering'

/** Bytes of the numbers as they lie in memory, which is little-endian on every machine that is supported. */
export function vectorToText(vector: Float32Array): string {
  assert(endianness() === 'LE', 'numbers lie in memory with their lowest byte first')
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}

/**
 * The numbers of a direction, float32 [width].
 * @throws DIRECTION_INVALID where the text holds another number of numbers, or one that is not finite
 */
export function vectorOf({ name, vector }: Pick<Direction, 'name' | 'vector'>, width: number): Float32Array {
  const bytes = Buffer.from(vector, 'base64')
  const exact = bytes.toString('base64') === vector && bytes.length % 4 === 0
  if (!exact) return fail('DIRECTION_INVALID', { name, reason: 'its numbers are not float32 as base64' })
  if (bytes.length !== 4 * width)
    return fail('DIRECTION_INVALID', { name, reason: `it has ${bytes.length / 4} numbers, and its hook point has ${width}` })
  const numbers = Float32Array.from({ length: width }, (_, index) => bytes.readFloatLE(4 * index))
  return numbers.every(Number.isFinite) ? numbers : fail('DIRECTION_INVALID', { name, reason: 'a number in it is not finite' })
}
