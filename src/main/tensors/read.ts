/** Values of a tensor of any container: whole, a range, rows, columns or block by block, with bounded memory. */
import { assert, fail } from '../../shared/errors'
import { fileSource, invalid, withFile, type ByteSource } from './bytes'
import { bytesPerElement, isFloat, numberOf, toFloat32, FLOAT_DTYPES } from './dtypes'
import { BLOCK, GAP, readBox, type Box } from './gather'
import { inflateMember } from './inflate'
import { countOf } from './layout'
import type { ElementRange, TensorEntry, TensorFile } from './types'

/**
 * The entry called `name`.
 * @throws TENSOR_MISSING; `hint` says what to check
 */
export function tensorOf(file: TensorFile, name: string, hint = 'the file'): TensorEntry {
  return file.tensors.get(name) ?? fail('TENSOR_MISSING', { path: file.path, name, hint })
}

/**
 * Values of a floating-point tensor as float32 (exact for F16 and BF16, rounded for F64) in row-major order, all or a range.
 * @throws TENSOR_MISSING, TENSOR_DTYPE, and the container's code when the file has changed
 */
export async function readTensor(file: TensorFile, name: string, range?: ElementRange): Promise<Float32Array> {
  const entry = floatTensor(file, name)
  const total = countOf(entry.shape)
  const { start, count } = range ?? { start: 0, count: total }
  assert(start >= 0 && count >= 0 && start + count <= total, `elements ${start} to ${start + count} of ${name} are among its ${total}`)
  return await withSource(file, entry, async (source) => {
    const boxes = boxesOf(entry.shape, start, start + count)
    const [only] = boxes
    if (boxes.length === 1 && only) return floats(source, entry, only)
    const out = new Float32Array(count)
    let done = 0
    for (const box of boxes) {
      const part = await floats(source, entry, box)
      out.set(part, done)
      done += part.length
    }
    return out
  })
}

/**
 * Rows of a floating-point tensor, float32 [rows, all else], in the order asked for.
 * @throws as `readTensor`
 */
export function readRows(file: TensorFile, name: string, rows: readonly number[]): Promise<Float32Array> {
  const entry = floatTensor(file, name)
  const [count = 1, ...rest] = entry.shape
  // All axes but the first as one, where their elements follow each other as in row-major order.
  return rest.length === 1 ? readSlices(file, entry, 0, rows) : readFlatRows(file, entry, rows, count, countOf(rest))
}

/**
 * Columns of a two-dimensional floating-point tensor, float32 [columns, rows], in the order asked for.
 * @throws as `readTensor`
 */
export function readColumns(file: TensorFile, name: string, columns: readonly number[]): Promise<Float32Array> {
  const entry = floatTensor(file, name)
  assert(entry.shape.length === 2, `${name} has two axes`)
  return readSlices(file, entry, 1, columns)
}

/**
 * Gives a two-dimensional floating-point tensor block by block: `rowsAtOnce` rows from row `first`, float32 row-major.
 * @throws as `readTensor`
 */
export async function eachRowBlock(
  file: TensorFile,
  name: string,
  rowsAtOnce: number,
  visit: (first: number, block: Float32Array) => void | Promise<void>
): Promise<void> {
  const entry = floatTensor(file, name)
  const [rows = 0, columns = 0] = entry.shape
  assert(entry.shape.length === 2 && rowsAtOnce > 0, `${name} has two axes, and blocks have rows`)
  await withSource(file, entry, async (source) => {
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const extent = [Math.min(rowsAtOnce, rows - first), columns]
      await visit(first, await floats(source, entry, { origin: [first, 0], extent }))
    }
  })
}

/**
 * A single number: a tensor of one element of any real type, or a plain value beside the tensors.
 * @throws TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE, and the container's code when the file has changed
 */
export async function scalar(file: TensorFile, name: string): Promise<number> {
  const value = file.values.get(name)
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
  const entry = tensorOf(file, name)
  if (countOf(entry.shape) !== 1) return fail('TENSOR_SHAPE', { name, path: file.path, found: entry.shape.join(', '), expected: '' })
  if (entry.dtype === 'C64') return unsupported(file, entry)
  const bytes = await readBytesOf(file, name)
  return numberOf(bytes, entry.dtype)
}

/**
 * All elements as they are stored, but row-major and little-endian: the bytes the runtime takes.
 * @throws TENSOR_MISSING, and the container's code when the file has changed
 */
export async function readBytesOf(file: TensorFile, name: string): Promise<Buffer> {
  const entry = tensorOf(file, name)
  return await withSource(file, entry, (source) => raw(source, entry, { origin: entry.shape.map(() => 0), extent: entry.shape }))
}

function floatTensor(file: TensorFile, name: string): TensorEntry {
  const entry = tensorOf(file, name)
  return isFloat(entry.dtype) ? entry : unsupported(file, entry)
}

function unsupported({ path }: TensorFile, { name, dtype }: TensorEntry): never {
  return fail('TENSOR_DTYPE', { name, path, dtype, supported: FLOAT_DTYPES.join(', ') })
}

/** The bytes the entry's places count in. */
function withSource<T>(file: TensorFile, entry: TensorEntry, use: (source: ByteSource) => Promise<T>): Promise<T> {
  return withFile(file.path, async (handle) => {
    const source = fileSource(handle, file.path, file.container)
    const { packed } = entry
    if (packed === undefined) return await use(source)
    return await use(await inflateMember(source, packed, (reason) => invalid(file.container, file.path, `${entry.name}: ${reason}`)))
  })
}

async function floats(source: ByteSource, entry: TensorEntry, box: Box): Promise<Float32Array> {
  return toFloat32(await raw(source, entry, box), entry.dtype)
}

async function raw(source: ByteSource, entry: TensorEntry, box: Box): Promise<Buffer> {
  const size = bytesPerElement(entry.dtype)
  const bytes = await readBox(source, { offset: entry.offset, size, strides: entry.strides }, box)
  if (entry.bigEndian !== true) return bytes
  if (size === 2) return bytes.swap16()
  if (size === 4) return bytes.swap32()
  return size === 8 ? bytes.swap64() : bytes
}

/** A range of elements in row-major order as boxes: the rest of a row, whole rows, the beginning of a row, and so on inwards. */
function boxesOf(shape: readonly number[], start: number, end: number): Box[] {
  if (start >= end) return []
  const [length, ...rest] = shape
  if (length === undefined) return [{ origin: [], extent: [] }]
  const inner = countOf(rest)
  const [first, last] = [Math.floor(start / inner), Math.floor(end / inner)]
  const [head, tail] = [start - first * inner, end - last * inner]
  const at = (index: number, boxes: Box[]): Box[] =>
    boxes.map(({ origin, extent }) => ({ origin: [index, ...origin], extent: [1, ...extent] }))
  if (first === last) return at(first, boxesOf(rest, head, tail))
  const whole = head === 0 ? first : first + 1
  const middle: Box[] = whole < last ? [{ origin: [whole, ...rest.map(() => 0)], extent: [last - whole, ...rest] }] : []
  return [...(head === 0 ? [] : at(first, boxesOf(rest, head, inner))), ...middle, ...at(last, boxesOf(rest, 0, tail))]
}

async function readFlatRows(
  file: TensorFile,
  entry: TensorEntry,
  rows: readonly number[],
  count: number,
  width: number
): Promise<Float32Array> {
  checkIndices(entry, rows, count)
  const out = new Float32Array(rows.length * width)
  await withSource(file, entry, async (source) => {
    const [, ...rest] = entry.shape
    for (const [i, row] of rows.entries()) {
      const box = { origin: [row, ...rest.map(() => 0)].slice(0, entry.shape.length), extent: [1, ...rest].slice(0, entry.shape.length) }
      out.set(await floats(source, entry, box), i * width)
    }
  })
  return out
}

/** Slices of a matrix across `axis`, float32 [slices, other axis]. Neighbours are read together, over the gaps between them. */
async function readSlices(file: TensorFile, entry: TensorEntry, axis: 0 | 1, indices: readonly number[]): Promise<Float32Array> {
  const [rowStride = 1, columnStride = 1] = entry.strides
  // Slices across one axis of a matrix are those across the other axis of its transpose, which may lie row by row in the file.
  if (rowStride < columnStride) {
    const flipped = { ...entry, shape: [...entry.shape].reverse(), strides: [...entry.strides].reverse() }
    return await (axis === 0 ? pickColumns : pickRows)(file, flipped, indices)
  }
  return await (axis === 0 ? pickRows : pickColumns)(file, entry, indices)
}

/** Rows that are one run each. */
async function pickRows(file: TensorFile, entry: TensorEntry, rows: readonly number[]): Promise<Float32Array> {
  const [count = 0, length = 0] = entry.shape
  checkIndices(entry, rows, count)
  const out = new Float32Array(rows.length * length)
  const bytes = Math.max(1, length * bytesPerElement(entry.dtype))
  await withSource(file, entry, async (source) => {
    for (const { first, width, places } of groupsOf(rows, Math.max(1, Math.floor(BLOCK / bytes)), GAP / bytes)) {
      const block = await floats(source, entry, { origin: [first, 0], extent: [width, length] })
      for (const { place, index } of places) out.set(block.subarray((index - first) * length, (index - first + 1) * length), place * length)
    }
  })
  return out
}

/** Columns, picked out of blocks of rows: whole rows where the columns lie all over them, because those are one run. */
async function pickColumns(file: TensorFile, entry: TensorEntry, columns: readonly number[]): Promise<Float32Array> {
  const [length = 0, count = 0] = entry.shape
  checkIndices(entry, columns, count)
  const out = new Float32Array(columns.length * length)
  const size = bytesPerElement(entry.dtype)
  const widest = Math.max(1, Math.floor(BLOCK / size))
  await withSource(file, entry, async (source) => {
    for (const group of groupsOf(columns, widest, GAP / size)) {
      const { first, width } = group.width * 2 > count && count <= widest ? { first: 0, width: count } : group
      const step = Math.max(1, Math.floor(widest / width))
      for (let from = 0; from < length; from += step) {
        const depth = Math.min(step, length - from)
        const block = await floats(source, entry, { origin: [from, first], extent: [depth, width] })
        for (const { place, index } of group.places) {
          const target = place * length + from
          for (let i = 0; i < depth; i++) out[target + i] = block[i * width + index - first] ?? 0
        }
      }
    }
  })
  return out
}

interface Group {
  readonly first: number
  readonly width: number
  readonly places: readonly { readonly index: number; readonly place: number }[]
}

/** Indices in ascending order, those together whose gaps are at most `gap` and that are at most `widest` from first to last. */
function groupsOf(indices: readonly number[], widest: number, gap: number): Group[] {
  const sorted = indices.map((index, place) => ({ index, place })).sort((a, b) => a.index - b.index)
  const groups: { first: number; width: number; places: { index: number; place: number }[] }[] = []
  for (const one of sorted) {
    const group = groups.at(-1)
    const width = group === undefined ? Infinity : one.index - group.first + 1
    if (group && width <= widest && width - group.width - 1 <= gap) {
      group.width = width
      group.places.push(one)
    } else groups.push({ first: one.index, width: 1, places: [one] })
  }
  return groups
}

function checkIndices({ name }: TensorEntry, indices: readonly number[], count: number): void {
  const astray = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= count)
  assert(astray === undefined, `index ${astray} of ${name} is below ${count}`)
}
