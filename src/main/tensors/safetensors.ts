/**
 * The safetensors container: 8 bytes header length (unsigned, little endian), a JSON header, then the data.
 * Source: the format section of the huggingface/safetensors README and its reference reader. The reader is strict,
 * because the file may come from anywhere: a bounded header, no key twice, and offsets that cover the data exactly.
 */
import { open, stat, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import { bytesPerElement, isDtype, toFloat32, FLOAT_DTYPES, type Dtype } from './dtypes'
import { checkFile, failToRead } from './files'
import { duplicateKey } from './json'

/** The reference reader's bound on the header, in bytes. */
const MAX_HEADER = 100_000_000
/** One positioned read stays below this many bytes. */
const MAX_READ = 1 << 30

/** A tensor's place in its file. `offset` counts from the start of the file, `length` is in bytes. */
export interface SafetensorsEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly offset: number
  readonly length: number
}

/** A checked header. The data stays on disk. */
export interface Safetensors {
  readonly path: string
  readonly bytes: number
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>
  readonly metadata: Readonly<Record<string, string>>
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
  const file = await open(path, 'r').catch((error: unknown) => failToRead(path, error))
  try {
    const { size } = await file.stat()
    const text = await readHeader(file, path, size)
    return { path, bytes: size, ...parseHeader(text, path, size) }
  } finally {
    await file.close()
  }
}

async function readHeader(file: FileHandle, path: string, size: number): Promise<string> {
  if (size < 8) return invalid(path, `it has ${size} bytes, fewer than the 8 of the header length`)
  const length = (await readBytes(file, path, 0, 8)).readBigUInt64LE(0)
  if (length > BigInt(MAX_HEADER)) return invalid(path, `its header claims ${length} bytes, more than the ${MAX_HEADER} allowed`)
  if (length > BigInt(size - 8)) return invalid(path, `its header claims ${length} bytes, but only ${size - 8} follow`)
  const bytes = await readBytes(file, path, 8, Number(length))
  if (bytes[0] !== 0x7b) return invalid(path, 'its header does not begin with "{"')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return invalid(path, 'its header is not UTF-8')
  }
}

function parseHeader(text: string, path: string, size: number): Pick<Safetensors, 'tensors' | 'metadata'> {
  const header = parseObject(text, path)
  const twice = duplicateKey(text)
  if (twice !== null) return invalid(path, `the name "${twice}" occurs twice in its header`)
  const start = 8 + Buffer.byteLength(text)
  const tensors: SafetensorsEntry[] = []
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
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch {
    return invalid(path, 'its header is not a JSON object')
  }
}

function parseMetadata(raw: unknown, path: string): Record<string, string> {
  const parsed = Metadata.safeParse(raw)
  return parsed.success ? parsed.data : invalid(path, 'its __metadata__ is not a table of texts')
}

function parseEntry(name: string, raw: unknown, path: string, start: number): SafetensorsEntry {
  const parsed = Entry.safeParse(raw)
  if (!parsed.success) return invalid(path, `the entry of the tensor ${name} is malformed`)
  const {
    dtype,
    shape,
    data_offsets: [begin, end]
  } = parsed.data
  if (!isDtype(dtype)) return fail('TENSOR_DTYPE', { name, path, dtype, supported: FLOAT_DTYPES.join(', ') })
  const needed = shape.reduce((product, dim) => product * dim, bytesPerElement(dtype))
  if (!Number.isSafeInteger(needed)) return invalid(path, `the tensor ${name} is larger than any file`)
  if (end - begin !== needed) {
    return invalid(path, `the tensor ${name} [${shape.join(', ')}] ${dtype} needs ${needed} bytes but has ${end - begin}`)
  }
  return { name, dtype, shape, offset: start + begin, length: needed }
}

/** The data must be covered from its first byte to its last, without holes and without overlap. */
function checkCoverage(tensors: readonly SafetensorsEntry[], path: string, start: number, size: number): void {
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

/** Elements of a tensor in row-major order: `count` of them from `start`. */
export interface ElementRange {
  readonly start: number
  readonly count: number
}

/**
 * Values of a floating-point tensor as float32 (exact for F16 and BF16, rounded for F64), all or a range of elements.
 * @throws TENSOR_MISSING, TENSOR_DTYPE, SAFETENSORS_INVALID when the file has become shorter
 */
export async function readTensor(file: Safetensors, name: string, range?: ElementRange): Promise<Float32Array> {
  const entry = file.tensors.get(name) ?? fail('TENSOR_MISSING', { path: file.path, name, hint: 'the file' })
  const handle = await open(file.path, 'r').catch((error: unknown) => failToRead(file.path, error))
  try {
    return await readElements(handle, file.path, entry, range)
  } finally {
    await handle.close()
  }
}

/**
 * Rows of a two-dimensional floating-point tensor, float32 [rows, columns], in the order asked for.
 * @throws as `readTensor`
 */
export async function readRows(file: Safetensors, name: string, rows: readonly number[]): Promise<Float32Array> {
  const entry = file.tensors.get(name) ?? fail('TENSOR_MISSING', { path: file.path, name, hint: 'the file' })
  const columns = entry.shape.slice(1).reduce((product, dim) => product * dim, 1)
  const out = new Float32Array(rows.length * columns)
  const handle = await open(file.path, 'r').catch((error: unknown) => failToRead(file.path, error))
  try {
    for (const [i, row] of rows.entries()) {
      out.set(await readElements(handle, file.path, entry, { start: row * columns, count: columns }), i * columns)
    }
    return out
  } finally {
    await handle.close()
  }
}

async function readElements(handle: FileHandle, path: string, entry: SafetensorsEntry, range?: ElementRange): Promise<Float32Array> {
  const { name, dtype } = entry
  if (!FLOAT_DTYPES.some((known) => known === dtype)) return fail('TENSOR_DTYPE', { name, path, dtype, supported: FLOAT_DTYPES.join(', ') })
  const size = bytesPerElement(dtype)
  const total = entry.length / size
  const { start, count } = range ?? { start: 0, count: total }
  if (start < 0 || count < 0 || start + count > total)
    throw new RangeError(`elements ${start} to ${start + count} of ${name}, which has ${total}`)
  return toFloat32(await readBytes(handle, path, entry.offset + start * size, count * size), dtype)
}

async function readBytes(handle: FileHandle, path: string, offset: number, length: number): Promise<Buffer> {
  // allocUnsafeSlow is never pooled, so its memory starts at an address typed arrays can view.
  const buffer = Buffer.allocUnsafeSlow(length)
  for (let done = 0; done < length;) {
    const reading = handle.read(buffer, done, Math.min(length - done, MAX_READ), offset + done)
    const { bytesRead } = await reading.catch((error: unknown) => failToRead(path, error))
    if (bytesRead === 0) return invalid(path, `it is cut off: ${(await stat(path)).size} of ${offset + length} bytes are there`)
    done += bytesRead
  }
  return buffer
}

function invalid(path: string, reason: string): never {
  return fail('SAFETENSORS_INVALID', { path, reason })
}
