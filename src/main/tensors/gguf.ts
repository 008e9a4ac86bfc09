/**
 * The GGUF container, versions 2 and 3: magic, version, two counts; metadata as keys with typed values; names, sizes, types and places of
 * the tensors; then the data, which starts at the next multiple of `general.alignment` (32 when absent), as every tensor does.
 * Source: docs/gguf.md of ggml. Little-endian only, as nearly every file is. The file may come from anywhere, so the header is bounded
 * and read with a cursor that never leaves it.
 *
 * Sizes are listed with the axis that runs fastest first; here they are turned round, as every other container lists them. Quantised types
 * are left out with a note.
 */
import { fileSource, invalid, withFile } from './bytes'
import { bytesPerElement, type Dtype } from './dtypes'
import { checkFile } from './files'
import { countOf, rowMajor } from './layout'
import { createGgufCursor, type GgufCursor } from './gguf-cursor'
import type { TensorEntry, TensorFile } from './types'

/** The largest known header, of a model with a vocabulary of 256,000 tokens, has 12 MB. */
const MAX_HEADER = 2 ** 24
const MAX_ENTRIES = 100_000
const MAX_GGUF_AXES = 4
export const DEFAULT_ALIGNMENT = 32

/** Tensor types that are read, by their numbers in the file. */
const TYPES: ReadonlyMap<number, Dtype> = new Map<number, Dtype>([
  [0, 'F32'],
  [1, 'F16'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [30, 'BF16']
])

/** Whether `start`, the first bytes of a file, begin a GGUF file. */
export function isGguf(start: Buffer): boolean {
  return start.subarray(0, 4).toString('latin1') === 'GGUF'
}

/**
 * Reads and checks the header. Metadata that are texts, numbers or booleans are in `metadata` as texts; lists are passed over.
 * @throws FILE_MISSING, FILE_UNREADABLE, GGUF_INVALID (with the reason)
 */
export async function readGguf(path: string): Promise<TensorFile> {
  await checkFile(path)
  return await withFile(path, async (handle) => {
    const { size } = await handle.stat()
    const start = await fileSource(handle, path, 'gguf').read(0, Math.min(size, MAX_HEADER))
    const refuse = (reason: string): never => invalid('gguf', path, reason)
    return { path, bytes: size, container: 'gguf', values: new Map(), ...parseHeader(start, size, refuse) }
  })
}

type Refuse = (reason: string) => never

function parseHeader(start: Buffer, size: number, refuse: Refuse): Pick<TensorFile, 'tensors' | 'metadata' | 'notes'> {
  if (!isGguf(start)) return refuse('it does not begin with "GGUF"')
  const cursor = createGgufCursor(start, 4, size > start.length, refuse)
  const version = cursor.u32()
  if (version !== 2 && version !== 3) return refuse(versionReason(version))
  const tensorCount = cursor.size('number of tensors')
  const keyCount = cursor.size('number of keys')
  if (tensorCount > MAX_ENTRIES || keyCount > MAX_ENTRIES)
    return refuse(`it claims ${tensorCount} tensors and ${keyCount} keys, more than the ${MAX_ENTRIES} that are read`)
  const metadata = readMetadata(cursor, keyCount, refuse)
  const alignment = alignmentOf(metadata, refuse)
  const infos = Array.from({ length: tensorCount }, () => readInfo(cursor, refuse))
  const data = Math.ceil(cursor.at() / alignment) * alignment
  return { metadata, ...placed(infos, data, alignment, size, refuse) }
}

function versionReason(version: number): string {
  if (version === 1) return 'it has version 1, which is not read; convert it with a recent llama.cpp'
  const swapped = (version & 0xffff) === 0
  return swapped ? 'it is written big-endian' : `it has version ${version}, and 2 and 3 are read`
}

function readMetadata(cursor: GgufCursor, count: number, refuse: Refuse): Record<string, string> {
  const found = new Map<string, string>()
  for (let i = 0; i < count; i++) {
    const key = cursor.text('key')
    if (found.has(key)) refuse(`the key "${key}" occurs twice`)
    found.set(key, cursor.value(key) ?? '')
  }
  return Object.fromEntries(found)
}

function alignmentOf(metadata: Readonly<Record<string, string>>, refuse: Refuse): number {
  const given = metadata['general.alignment']
  if (given === undefined) return DEFAULT_ALIGNMENT
  const alignment = Number(given)
  const isPower = Number.isInteger(alignment) && alignment >= 8 && alignment <= 2 ** 20 && Number.isInteger(Math.log2(alignment))
  return isPower ? alignment : refuse(`its alignment is "${given}", and a power of two from 8 to 1048576 is needed`)
}

interface Info {
  readonly name: string
  /** Slowest axis first. */
  readonly shape: readonly number[]
  readonly type: number
  /** From the start of the data. */
  readonly offset: number
}

function readInfo(cursor: GgufCursor, refuse: Refuse): Info {
  const name = cursor.text('name of a tensor')
  const axes = cursor.u32()
  if (axes > MAX_GGUF_AXES) return refuse(`the tensor ${name} has ${axes} axes, more than the ${MAX_GGUF_AXES} there can be`)
  const shape = Array.from({ length: axes }, () => cursor.size(`size of ${name}`)).reverse()
  return { name, shape, type: cursor.u32(), offset: cursor.size(`place of ${name}`) }
}

/** Tensors as places in the file: aligned, inside it, and none on top of another. */
function placed(
  infos: readonly Info[],
  data: number,
  alignment: number,
  size: number,
  refuse: Refuse
): { tensors: TensorFile['tensors']; notes: string[] } {
  const tensors = new Map<string, TensorEntry>()
  const notes: string[] = []
  const seen = new Set<string>()
  for (const { name, shape, type, offset } of infos) {
    if (seen.has(name)) refuse(`the tensor ${name} occurs twice`)
    seen.add(name)
    if (offset % alignment !== 0) refuse(`the tensor ${name} does not start at a multiple of ${alignment}`)
    const dtype = TYPES.get(type)
    if (dtype === undefined) {
      notes.push(`The tensor ${name} is stored as type ${type} (quantised, say), which is not read.`)
      continue
    }
    const length = countOf(shape) * bytesPerElement(dtype)
    if (!Number.isSafeInteger(length) || !Number.isSafeInteger(data + offset + length)) refuse(`the tensor ${name} is larger than any file`)
    if (data + offset + length > size) refuse(`it is cut off: ${size} of ${data + offset + length} bytes are there`)
    tensors.set(name, { name, dtype, shape, strides: rowMajor(shape), offset: data + offset, length, inPlace: true })
  }
  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset || a.length - b.length)
  inOrder.forEach(({ name, offset }, index) => {
    const before = inOrder[index - 1]
    if (before && before.offset + before.length > offset) refuse(`the tensors ${before.name} and ${name} overlap`)
  })
  return { tensors, notes }
}
