/** Strided reads of matrices larger than a block: right values, and no more of the file than needed. */
import { expect, it } from 'vitest'
import { failureOf } from '../../support/failing'
import { BLOCK, readBox, type Box } from '../../../src/main/tensors/gather'
import { allocate, type ByteSource } from '../../../src/main/tensors/bytes'

/** A source whose element i (4 bytes) is the number i, and which records how much was read. */
function counting(size: number): { source: ByteSource; reads: { offset: number; length: number }[] } {
  const reads: { offset: number; length: number }[] = []
  const source: ByteSource = {
    read(offset, length) {
      reads.push({ offset, length })
      expect(offset + length).toBeLessThanOrEqual(size)
      const words = new Uint32Array(length / 4)
      for (let i = 0; i < words.length; i++) words[i] = offset / 4 + i
      return Promise.resolve(Buffer.from(words.buffer))
    }
  }
  return { source, reads }
}

const largest = (reads: readonly { length: number }[]): number => Math.max(...reads.map(({ length }) => length))
const total = (reads: readonly { length: number }[]): number => reads.reduce((sum, { length }) => sum + length, 0)

/** Element numbers of a box, by the definition of strides. */
function expected({ origin, extent }: Box, strides: readonly number[], first: number): number[] {
  let places = [first + origin.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0)]
  for (const [axis, length] of extent.entries()) {
    places = places.flatMap((place) => Array.from({ length }, (_, i) => place + i * (strides[axis] ?? 0)))
  }
  return places
}

async function check(shape: readonly number[], strides: readonly number[], box: Box): Promise<{ offset: number; length: number }[]> {
  const span = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] ?? 0), 1)
  const { source, reads } = counting(4 * (span + 3))
  const found = await readBox(source, { offset: 12, size: 4, strides }, box)
  const numbers = new Uint32Array(found.buffer, found.byteOffset, found.length / 4)
  const wanted = expected(box, strides, 3)
  expect(numbers.length).toBe(wanted.length)
  expect(numbers.every((number, i) => number === wanted[i])).toBe(true)
  return reads
}

it('neighbouring rows are one read of exactly their bytes', async () => {
  expect(await check([4096, 1000], [1000, 1], { origin: [7, 0], extent: [2, 1000] })).toEqual([{ offset: 12 + 7000 * 4, length: 8000 }])
})

it('a column whose elements lie near each other is read in blocks over the gaps', async () => {
  const reads = await check([8192, 3000], [3000, 1], { origin: [0, 17], extent: [8192, 1] })
  expect(largest(reads)).toBeLessThanOrEqual(BLOCK)
  expect(reads.length).toBe(6)
})

it('a column whose elements lie far apart is read element by element', async () => {
  const reads = await check([300, 20_000], [20_000, 1], { origin: [0, 17], extent: [300, 1] })
  expect(total(reads)).toBe(300 * 4)
})

it('a transposed matrix larger than a block is read once, block by block', async () => {
  const reads = await check([3000, 2500], [1, 3000], { origin: [0, 0], extent: [3000, 2500] })
  expect(largest(reads)).toBeLessThanOrEqual(BLOCK)
  expect(total(reads)).toBe(3000 * 2500 * 4)
})

it('any box of any permuted or sliced tensor is right', async () => {
  const layouts: [number[], number[]][] = [
    [
      [3, 4, 5],
      [20, 5, 1]
    ],
    [
      [5, 3, 4],
      [1, 20, 5]
    ],
    [
      [4, 5, 3],
      [5, 1, 20]
    ],
    [
      [2, 2, 3],
      [40, 10, 2]
    ],
    [
      [4, 3],
      [0, 1]
    ],
    [
      [3, 1, 4],
      [4, 999, 1]
    ],
    [
      [2, 20_000, 2],
      [1, 3, 70_000]
    ]
  ]
  for (const [shape, strides] of layouts) {
    await check(shape, strides, { origin: shape.map(() => 0), extent: shape })
    await check(shape, strides, {
      origin: shape.map((length) => Math.floor(length / 2)),
      extent: shape.map((length) => Math.ceil(length / 2))
    })
  }
})

it('an empty box reads nothing', async () => {
  expect(await check([0, 4], [4, 1], { origin: [0, 0], extent: [0, 4] })).toEqual([])
})

it('more than any memory is refused in words', async () => {
  expect(await failureOf(() => allocate(2 ** 50, 'reading x'))).toMatch(/There was not enough memory while reading x\./)
})
