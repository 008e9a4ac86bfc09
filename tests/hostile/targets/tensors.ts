/** Containers of tensors: everything in them is read, and read again in part. */
import { createHash } from 'node:crypto'
import { bytesPerElement, isFloat } from '../../../src/main/tensors/dtypes'
import { countOf, spanOf } from '../../../src/main/tensors/layout'
import { readBytesOf, readTensor, readTensorFile, scalar, type TensorEntry, type TensorFile } from '../../../src/main/tensors/tensor-file'
import type { Range, Snapshot } from '../types'

/** Bytes of values that are read of one file: a spoilt header may claim many views of the same numbers. */
const MOST = 2 ** 27

/**
 * Reads every tensor of the file, checks that it lies inside and has as many values as its shape says, and that reading a part gives
 * the same as a part of the whole.
 */
export async function readAll(path: string): Promise<Snapshot> {
  return readAllOf(await readTensorFile(path))
}

/** The same of a container that was opened already. */
export async function readAllOf(file: TensorFile): Promise<Snapshot> {
  const snapshot = new Map<string, { digest: string; from: readonly Range[] }>()
  let left = MOST
  for (const entry of file.tensors.values()) {
    const { name, dtype, shape, strides, length } = entry
    left -= length
    if (left < 0) break
    const from = rangesOf(file, entry)
    const bytes = await readBytesOf(file, name)
    if (bytes.length !== countOf(shape) * bytesPerElement(dtype) || bytes.length !== length)
      throw new Error(`${name} has ${bytes.length} bytes`)
    if (isFloat(dtype)) await checkPart(file, entry)
    if (countOf(shape) === 1 && dtype !== 'C64') await scalar(file, name)
    const key = JSON.stringify([name, dtype, shape, strides, entry.offset, entry.packed ?? null, entry.bigEndian ?? false])
    snapshot.set(key, { digest: createHash('sha256').update(bytes).digest('hex'), from })
  }
  // Plain values must be just that: they go to reports and across processes.
  structuredClone(file.values)
  return snapshot
}

async function checkPart(file: TensorFile, { name, shape }: TensorEntry): Promise<void> {
  const count = countOf(shape)
  const [start, end] = [Math.floor(count / 3), Math.ceil((2 * count) / 3)]
  const [whole, part] = [await readTensor(file, name), await readTensor(file, name, { start, count: end - start })]
  if (whole.length !== count || !part.every((value, i) => Object.is(value, whole[start + i])))
    throw new Error(`a part of ${name} differs from the whole`)
}

/** Bytes of the file that the tensor comes from. */
function rangesOf(file: TensorFile, { name, dtype, shape, strides, offset, packed }: TensorEntry): Range[] {
  const end = offset + spanOf(shape, strides) * bytesPerElement(dtype)
  const range: Range = packed ? [packed.offset, packed.offset + packed.length] : [offset, end]
  const inside = offset >= 0 && range[1] <= file.bytes && (packed === undefined || end <= packed.inflated)
  if (!inside) throw new Error(`${name} lies outside its file`)
  return [range]
}
