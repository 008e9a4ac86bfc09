/**
 * Writes files of tensors that are larger than they should be in memory, block by block: safetensors, and zip archives with members
 * stored as they are, which npz and PyTorch files are. Numbers are random, the same block of them again and again.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { float32ToBfloat16 } from '../../src/main/tensors/dtypes'
import { randomWeights } from './random-model'

/** A tensor of random numbers with a standard deviation, or of one number. */
export interface Part {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: { readonly deviation: number } | { readonly constant: number }
}

/** Numbers of a block: 16 MiB in float32. Not a multiple of any width, so that rows differ. */
const BLOCK = 2 ** 22 - 3

export const countOf = ({ shape }: Part): number => shape.reduce((product, size) => product * size, 1)

/** A safetensors file of the parts in float32, or in bfloat16. */
export async function writeSafetensorsBlocks(path: string, parts: readonly Part[], half: boolean): Promise<void> {
  const entries: Record<string, unknown> = {}
  let end = 0
  for (const part of parts) {
    const begin = end
    end += countOf(part) * (half ? 2 : 4)
    entries[part.name] = { dtype: half ? 'BF16' : 'F32', shape: part.shape, data_offsets: [begin, end] }
  }
  const text = Buffer.from(JSON.stringify(entries))
  const header = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  await writing(path, async (file) => {
    await file.write(Buffer.concat([length, header]))
    for (const part of parts) for (const block of blocksOf(part, half)) await file.write(block)
  })
}

/** A member of an archive: some bytes, and after them the numbers of a part in float32. */
export interface Member {
  readonly name: string
  readonly head: Uint8Array
  readonly part?: Part
}

/** A zip archive of at most 4 GiB, its members stored, each one's data at a multiple of 64 bytes as PyTorch and NumPy lay it. */
export async function writeZipBlocks(path: string, members: readonly Member[]): Promise<void> {
  await writing(path, async (file) => {
    const directory: Buffer[] = []
    let at = 0
    for (const member of members) {
      const name = Buffer.from(member.name)
      const size = member.head.length + (member.part ? 4 * countOf(member.part) : 0)
      const facts = factsOf(checksumOf(member), size, name.length)
      const padding = (64 - ((at + 30 + name.length + 4) % 64)) % 64
      // The padding is an extra field of its own: an id, its length, and that many bytes.
      const extra = Buffer.alloc(4 + padding)
      extra.writeUInt16LE(0x4246, 0)
      extra.writeUInt16LE(padding, 2)
      const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), facts, word(extra.length), name, extra])
      directory.push(
        Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2]), word(20), facts, word(0), word(0), word(0), word(0), long(0), long(at), name])
      )
      await file.write(Buffer.concat([local, member.head]))
      if (member.part) for (const block of blocksOf(member.part, false)) await file.write(block)
      at += local.length + size
    }
    const central = Buffer.concat(directory)
    const counts = [word(0), word(0), word(members.length), word(members.length)]
    await file.write(Buffer.concat([central, Buffer.from([0x50, 0x4b, 5, 6]), ...counts, long(central.length), long(at), word(0)]))
  })
}

/** Version, flags, method, time, date, checksum, both sizes and the name's length, as both headers of a member have them. */
function factsOf(checksum: number, size: number, name: number): Buffer {
  return Buffer.concat([word(20), word(0x800), word(0), word(0), word(0), long(checksum), long(size), long(size), word(name)])
}

function checksumOf({ head, part }: Member): number {
  let checksum = crc32(head)
  if (part) for (const block of blocksOf(part, false)) checksum = crc32(block, checksum)
  return checksum
}

function* blocksOf(part: Part, half: boolean): Generator<Uint8Array> {
  const count = countOf(part)
  const { values } = part
  const length = Math.min(count, BLOCK)
  const block = new Float32Array(length)
  if ('constant' in values) block.fill(values.constant)
  else block.set(floats(randomWeights(4)([length], values.deviation).data))
  const bytes = half ? new Uint8Array(float32ToBfloat16(block).buffer) : new Uint8Array(block.buffer)
  for (let left = count * (half ? 2 : 4); left > 0; left -= bytes.length) yield left < bytes.length ? bytes.subarray(0, left) : bytes
}

function floats({ buffer, byteOffset, byteLength }: ArrayBufferView): Float32Array {
  return new Float32Array(buffer, byteOffset, byteLength / 4)
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

async function writing(path: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'w')
  try {
    await work(file)
  } finally {
    await file.close()
  }
}
