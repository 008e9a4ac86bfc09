/** Opens a container of tensors, whichever it is, by its content. */
import { fail } from '../../shared/errors'
import { fileSource, invalid, withFile } from './bytes'
import { checkFile } from './files'
import { isNpy } from './npy'
import { readNpy, readNpz } from './numpy'
import { readSafetensors } from './safetensors'
import { readTorch, torchRoot } from './torch'
import type { TensorFile } from './types'
import { readZip } from './zip'

export { eachRowBlock, readBytesOf, readColumns, readRows, readTensor, scalar, tensorOf } from './read'
export type { TensorEntry, TensorFile, WeightRef } from './types'
export { weightRef } from './weight-ref'

const LEGACY = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex').subarray(0, 14)
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
  if (isNpy(start)) return await readNpy(path)
  if (start.subarray(0, 2).toString('latin1') === 'PK') return await readArchive(path)
  if (isLegacyTorch(start)) return fail('TORCH_LEGACY', { path })
  // A header of more than 2^32 bytes is refused as safetensors, too, rather than as nothing known.
  if (start[8] === 0x7b || /\.safetensors$/i.test(path)) return await readSafetensors(path)
  return fail('CONTAINER_UNKNOWN', { path, supported: SUPPORTED })
}

function readArchive(path: string): Promise<TensorFile> {
  return withFile(path, async (handle) => {
    const { size } = await handle.stat()
    const source = fileSource(handle, path, 'zip')
    const members = await readZip(source, size, (reason) => invalid('zip', path, reason))
    const root = torchRoot(members)
    if (root !== null) return await readTorch(path, size, source, members, root)
    if ([...members.keys()].some((name) => name.endsWith('.npy'))) return await readNpz(path, size, source, members.values())
    return fail('CONTAINER_UNKNOWN', { path, supported: SUPPORTED })
  })
}

/** Before 1.6 torch.save wrote several pickles; the first is the magic number 0x1950a86a20f9469cfc6c (LONG1 of ten bytes). */
function isLegacyTorch(start: Buffer): boolean {
  return start.subarray(0, 14).equals(LEGACY)
}
