/**
 * The safetensors container: 8 bytes header length (unsigned, little endian), a JSON header, then the data.
 * Source: the format section of the huggingface/safetensors README and its reference reader. The reader is strict,
 * because the file may come from anywhere: a bounded header, no key twice, and offsets that cover the data exactly.
 */
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { fileSource, withFile, type ByteSource } from './bytes'
import { bytesPerElement, isDtype, FLOAT_DTYPES } from './dtypes'
import { checkFile } from './files'
import { duplicateKey, excessOf, isObject } from './json'
import { MAX_AXES, rowMajor } from './layout'
import type { TensorEntry, TensorFile } from './types'

// What readers of one container need, from one place.
export { readRows, readTensor } from './read'

/**
 * Bounds on the header. The reference reader allows 100 MB; a model's shard has a few hundred tensors and less than 1 MB, and 16 MiB of
 * hostile header already take a second to refuse.
 */
const MAX_HEADER = 2 ** 24
const MAX_TENSORS = 100_000
/** A checked file whose tensors can all be used in place. */
export interface Safetensors extends TensorFile {
  readonly container: 'safetensors'
}

const index = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const Entry = z.object({ dtype: z.string(), shape: z.array(index), data_offsets: z.tuple([index, index]) })
const Metadata = z.record(z.string(), z.string())

/**
 * Reads and checks the header of a safetensors file.
 * @throws FILE_MISSING, FILE_UNREADABLE, SAFETENSORS_INVALID (with the reason), TENSOR_DTYPE for sub-byte types
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  await checkFile(path)
  return await withFile(path, async (handle) => {
    const { size } = await handle.stat()
    const text = await readHeader(fileSource(handle, path, 'safetensors'), path, size)
    return { path, bytes: size, container: 'safetensors', values: new Map(), notes: [], ...parseHeader(text, path, size) }
  })
}

async function readHeader(file: ByteSource, path: string, size: number): Promise<string> {
  if (size < 8) return invalid(path, `it has ${size} bytes, fewer than the 8 of the header length`)
  const length = (await file.read(0, 8)).readBigUInt64LE(0)
  if (length > BigInt(MAX_HEADER)) return invalid(path, `its header claims ${length} bytes, more than the ${MAX_HEADER} allowed`)
  if (length > BigInt(size - 8)) return invalid(path, `its header claims ${length} bytes, but only ${size - 8} follow`)
  const bytes = await file.read(8, Number(length))
  if (bytes[0] !== 0x7b) return invalid(path, 'its header does not begin with "{"')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return invalid(path, 'its header is not UTF-8')
  }
}

function parseHeader(text: string, path: string, size: number): Pick<Safetensors, 'tensors' | 'metadata'> {
  const excess = excessOf(text)
  if (excess !== null) return invalid(path, `its header is more than is read: ${excess}`)
  const header = parseObject(text, path)
  const count = Object.keys(header).length
  if (count > MAX_TENSORS) return invalid(path, `its header names ${count} tensors, more than the ${MAX_TENSORS} that are read`)
  const twice = duplicateKey(text)
  if (twice !== null) return invalid(path, `the name "${twice}" occurs twice in its header`)
  const start = 8 + Buffer.byteLength(text)
  const tensors: TensorEntry[] = []
  let metadata: Record<string, string> = {}
  for (const [name, raw] of Object.entries(header)) {
    if (name === '__metadata__') metadata = parseMetadata(raw, path)
    else tensors.push(parseEntry(name, raw, path, start))
  }
  checkCoverage(tensors, path, start, size)
  return { tensors: new Map(tensors.map((entry) => [entry.name, entry])), metadata }
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Refused below, in the words of the container.
  }
  return invalid(path, 'its header is not a JSON object')
}

function parseMetadata(raw: unknown, path: string): Record<string, string> {
  const parsed = Metadata.safeParse(raw)
  return parsed.success ? parsed.data : invalid(path, 'its __metadata__ is not a table of texts')
}

function parseEntry(name: string, raw: unknown, path: string, start: number): TensorEntry {
  const parsed = Entry.safeParse(raw)
  if (!parsed.success) return invalid(path, `the entry of the tensor ${name} is malformed`)
  const {
    dtype,
    shape,
    data_offsets: [begin, end]
  } = parsed.data
  if (!isDtype(dtype)) return fail('TENSOR_DTYPE', { name, path, dtype, supported: FLOAT_DTYPES.join(', ') })
  if (shape.length > MAX_AXES) return invalid(path, `the tensor ${name} has ${shape.length} axes, more than the ${MAX_AXES} that are read`)
  const needed = shape.reduce((product, dim) => product * dim, bytesPerElement(dtype))
  if (!Number.isSafeInteger(needed)) return invalid(path, `the tensor ${name} is larger than any file`)
  if (end - begin !== needed) {
    return invalid(path, `the tensor ${name} [${shape.join(', ')}] ${dtype} needs ${needed} bytes but has ${end - begin}`)
  }
  return { name, dtype, shape, strides: rowMajor(shape), offset: start + begin, length: needed, inPlace: true }
}

/** The data must be covered from its first byte to its last, without holes and without overlap. */
function checkCoverage(tensors: readonly TensorEntry[], path: string, start: number, size: number): void {
  const inOrder = [...tensors].sort((a, b) => a.offset - b.offset || a.length - b.length)
  let next = start
  for (const { name, offset, length } of inOrder) {
    if (offset > next) invalid(path, `${offset - next} bytes before the tensor ${name} belong to no tensor`)
    if (offset < next) invalid(path, `the tensor ${name} overlaps the one before it`)
    next = offset + length
  }
  if (next > size) invalid(path, `it is cut off: ${size} of ${next} bytes are there`)
  if (next < size) invalid(path, `${size - next} bytes at its end belong to no tensor`)
}

function invalid(path: string, reason: string): never {
  return fail('SAFETENSORS_INVALID', { path, reason })
}
