/** Writes the GGUF container, version 3 (see gguf.ts for its layout). */
import { assert } from '../../shared/errors'
import { DEFAULT_ALIGNMENT } from './gguf'
import { writeWhole } from './whole-file'

/** A value of the metadata: a text, an unsigned 32-bit number or a truth. */
export type GgufValue = string | boolean | { readonly uint32: number }

const [UINT32, BOOL, TEXT] = [4, 7, 8]
const F32 = 0

/**
 * Writes metadata and one-dimensional float32 tensors to `path`, in their order; whole or not at all. Keys and names are ASCII; every
 * tensor, and the end of the file, lies at a multiple of 32 bytes, as the format's own writers do it. Returns the bytes written.
 * @throws DISK_FULL, FILE_UNWRITABLE
 */
export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: Readonly<Record<string, Float32Array>>
): Promise<number> {
  const names = Object.keys(tensors)
  const header: Buffer[] = [Buffer.from('GGUF', 'latin1'), u32(3), u64(names.length), u64(Object.keys(metadata).length)]
  for (const [key, value] of Object.entries(metadata)) header.push(text(key), ...typed(value))
  let offset = 0
  for (const name of names) {
    assert(Buffer.byteLength(name) < 64, `llama.cpp reads names below 64 bytes, and ${name} is longer`)
    const length = tensors[name]?.length ?? 0
    header.push(text(name), u32(1), u64(length), u32(F32), u64(offset))
    offset = aligned(offset + 4 * length)
  }
  const start = Buffer.concat(header)
  const parts: Uint8Array[] = [start, padding(start.length)]
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = tensors[name] ?? new Float32Array()
    parts.push(new Uint8Array(buffer, byteOffset, byteLength), padding(byteLength))
  }
  await writeWhole(path, parts)
  return aligned(start.length) + offset
}

function typed(value: GgufValue): Buffer[] {
  if (typeof value === 'string') return [u32(TEXT), text(value)]
  if (typeof value === 'boolean') return [u32(BOOL), Buffer.from([value ? 1 : 0])]
  return [u32(UINT32), u32(value.uint32)]
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function aligned(size: number): number {
  return Math.ceil(size / DEFAULT_ALIGNMENT) * DEFAULT_ALIGNMENT
}

function padding(size: number): Uint8Array {
  return new Uint8Array(aligned(size) - size)
}
