/** NumPy's files: one array (.npy), or a zip archive of them (.npz), stored or deflated. */
import { basename } from 'node:path'
import { fileSource, invalid, withFile, type ByteSource } from './bytes'
import { bytesPerElement } from './dtypes'
import { inflateStart } from './inflate'
import { columnMajor, countOf, isRowMajor, rowMajor } from './layout'
import { MAX_NPY_HEADER, npyHeaderLength, parseNpy, type NpyHeader } from './npy'
import type { Packed, TensorEntry, TensorFile } from './types'
import type { Refuse, ZipMember } from './zip'

/** A deflated array must fit in memory beside its values. */
const MAX_INFLATED = 2 ** 31

/**
 * A single array as a file of one tensor, named like the file without its ending.
 * @throws NUMPY_INVALID
 */
export function readNpy(path: string): Promise<TensorFile> {
  const refuse: Refuse = (reason) => invalid('npz', path, reason)
  return withFile(path, async (handle) => {
    const { size } = await handle.stat()
    const source = fileSource(handle, path, 'npz')
    const header = parseNpy(await source.read(0, Math.min(size, MAX_NPY_HEADER)), refuse)
    const name = basename(path).replace(/\.npy$/i, '')
    const entry = entryOf(name, header, 0, size, undefined, refuse) ?? refuse(notRead(name, header.descr))
    return { path, bytes: size, container: 'npz', tensors: new Map([[name, entry]]), values: new Map(), metadata: {}, notes: [] }
  })
}

/**
 * The arrays of an archive, each named like its member without `.npy`. Arrays of Python objects, records and texts are left out, and a
 * note says so.
 * @throws NUMPY_INVALID
 */
export async function readNpz(path: string, bytes: number, source: ByteSource, members: Iterable<ZipMember>): Promise<TensorFile> {
  const tensors = new Map<string, TensorEntry>()
  const notes: string[] = []
  for (const member of members) {
    if (!member.name.endsWith('.npy')) {
      notes.push(`${member.name} is not an array and was left out.`)
      continue
    }
    const name = member.name.slice(0, -4)
    const refuse: Refuse = (reason) => invalid('npz', path, `${member.name}: ${reason}`)
    const { offset, length, size, crc } = member
    const packed = member.deflated ? { offset, length, inflated: size, crc } : undefined
    if (packed && size > MAX_INFLATED) refuse(`compressed arrays above ${MAX_INFLATED} bytes are not read; save it with numpy.savez`)
    const start = packed ? await packedStart(source, packed, refuse) : await source.read(offset, Math.min(size, MAX_NPY_HEADER))
    const header = parseNpy(start, refuse)
    const entry = entryOf(name, header, packed ? 0 : offset, size, packed, refuse)
    if (entry) tensors.set(name, entry)
    else notes.push(`${notRead(name, header.descr)}, and was left out.`)
  }
  return { path, bytes, container: 'npz', tensors, values: new Map(), metadata: {}, notes }
}

/** Enough of a deflated array for its header, which nearly always lies in the first bytes. */
async function packedStart(source: ByteSource, packed: Packed, refuse: Refuse): Promise<Buffer> {
  const start = await inflateStart(source, packed, refuse)
  return npyHeaderLength(start) > start.length ? await inflateStart(source, packed, refuse, MAX_NPY_HEADER) : start
}

function notRead(name: string, descr: string): string {
  if (/O/.test(descr)) return `the array ${name} holds pickled Python objects, which are never loaded`
  return `the array ${name} has the type ${descr}, which is not read`
}

/** `size` is the bytes of header and data together. Null for types that are not read. */
function entryOf(
  name: string,
  { dtype, shape, fortran, bigEndian, length: headerLength }: NpyHeader,
  start: number,
  size: number,
  packed: Packed | undefined,
  refuse: Refuse
): TensorEntry | null {
  if (dtype === null) return null
  const length = countOf(shape) * bytesPerElement(dtype)
  if (headerLength + length !== size) {
    return refuse(`the array [${shape.join(', ')}] ${dtype} needs ${length} bytes after its header but has ${size - headerLength}`)
  }
  const strides = fortran ? columnMajor(shape) : rowMajor(shape)
  const inPlace = packed === undefined && !bigEndian && isRowMajor(shape, strides)
  const entry = { name, dtype, shape, strides, offset: start + headerLength, length, inPlace }
  return { ...entry, ...(bigEndian ? { bigEndian } : {}), ...(packed ? { packed } : {}) }
}
