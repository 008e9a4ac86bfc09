/**
 * Reads boxes of a tensor from disk into row-major order, whatever its strides. A box is cut along its widest axis until what it spans
 * in the file is one read: at most `BLOCK` bytes, without gaps of more than `GAP` bytes, because reading over a small gap is quicker
 * than a read of its own.
 */
import { allocate, type ByteSource } from './bytes'
import { isRowMajor, rowMajor } from './layout'

/** Bytes read at once where a box is scattered over more. */
export const BLOCK = 2 ** 24
/** A read of its own takes 50 us, in which 64 KB are read (measured, 1.3 GB/s); half of it, as what is read must be gone through, too. */
export const GAP = 2 ** 15

/** A strided tensor in a source: byte offset of its first element, bytes of one element. */
export interface Strided {
  readonly offset: number
  readonly size: number
  readonly strides: readonly number[]
}

/** Elements origin <= index < origin + extent along every axis. */
export interface Box {
  readonly origin: readonly number[]
  readonly extent: readonly number[]
}

/** Raw bytes of a box's elements in row-major order. Takes twice their memory, or theirs and one block where they are scattered. */
export async function readBox(source: ByteSource, tensor: Strided, box: Box): Promise<Buffer> {
  const { size, strides } = tensor
  const { origin, extent } = box
  const start = tensor.offset + origin.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0) * size
  const count = extent.reduce((product, length) => product * length, 1)
  if (count === 0) return Buffer.alloc(0)
  if (isRowMajor(extent, strides)) return source.read(start, count * size)
  const out = allocate(count * size, 'bringing a tensor into row-major order')
  const steps = rowMajor(extent)
  // Axes by falling stride, without those of one element: the outermost is the one to cut.
  const axes = extent
    .map((length, axis) => ({ length, stride: strides[axis] ?? 0, step: steps[axis] ?? 0 }))
    .filter(({ length }) => length > 1)
    .sort((a, b) => b.stride - a.stride)
  await fill(source, wordsOf(out, size), size, axes, start, 0)
  return out
}

/** One axis of a box: its length, its stride in the file and its step in the row-major result, both in elements. */
interface Axis {
  readonly length: number
  readonly stride: number
  readonly step: number
}

/** Reads what `axes` reach from byte `from` and puts it at element `to` onwards. */
async function fill(source: ByteSource, out: Words, size: number, axes: readonly Axis[], from: number, to: number): Promise<void> {
  const [outer, ...inner] = axes
  const bytes = bytesOf(axes, size)
  const innerBytes = bytesOf(inner, size)
  if (outer === undefined || (bytes <= BLOCK && outer.stride * size - innerBytes <= GAP)) {
    scatter(wordsOf(await source.read(from, bytes), size), out, axes, 0, to)
    return
  }
  // As many steps along the outer axis as fit in a block, or one where the gaps between them are wide.
  const wide = outer.stride * size - innerBytes > GAP
  const steps = wide ? 1 : Math.max(1, Math.floor((BLOCK - innerBytes) / (outer.stride * size)))
  for (let first = 0; first < outer.length; first += steps) {
    const part = { ...outer, length: Math.min(steps, outer.length - first) }
    const next = part.length === 1 ? inner : [part, ...inner]
    await fill(source, out, size, next, from + first * outer.stride * size, to + first * outer.step)
  }
}

function bytesOf(axes: readonly Axis[], size: number): number {
  return axes.reduce((span, { length, stride }) => span + (length - 1) * stride, 1) * size
}

/** Elements as words that copy whole: of their own size, and two of four bytes for eight. */
interface Words {
  readonly words: Uint8Array | Uint16Array | Uint32Array
  readonly each: number
}

function wordsOf({ buffer, byteOffset, length }: Buffer, size: number): Words {
  if (size === 1) return { words: new Uint8Array(buffer, byteOffset, length), each: 1 }
  if (size === 2) return { words: new Uint16Array(buffer, byteOffset, length / 2), each: 1 }
  return { words: new Uint32Array(buffer, byteOffset, length / 4), each: size / 4 }
}

/** Copies the elements of a block to their places; `from` and `to` in elements. */
function scatter(block: Words, out: Words, axes: readonly Axis[], from: number, to: number): void {
  const [outer = ONE, ...inner] = axes
  if (inner.length > 0) {
    for (let i = 0; i < outer.length; i++) scatter(block, out, inner, from + i * outer.stride, to + i * outer.step)
    return
  }
  const { words: target, each } = out
  for (let i = 0; i < outer.length; i++) {
    const [source, place] = [(from + i * outer.stride) * each, (to + i * outer.step) * each]
    for (let word = 0; word < each; word++) target[place + word] = block.words[source + word] ?? 0
  }
}

const ONE: Axis = { length: 1, stride: 0, step: 0 }
