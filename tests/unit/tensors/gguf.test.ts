/** The GGUF container: what is written is read by an independent reader (@huggingface/gguf) and by ours, and what is hostile is refused. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gguf } from '@huggingface/gguf'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readGguf } from '../../../src/main/tensors/gguf'
import { readTensor } from '../../../src/main/tensors/read'
import { writeGguf } from '../../../src/main/tensors/write-gguf'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'))
})
afterAll(() => rm(folder, { recursive: true }))

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)])
const entry = (name: string, sizes: readonly number[], type: number, offset: number | bigint): Buffer =>
  Buffer.concat([text(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset)])

interface Made {
  version?: number
  keys?: readonly Buffer[]
  tensors?: readonly Buffer[]
  claimed?: { keys?: number | bigint; tensors?: number | bigint }
  data?: Buffer
  alignment?: number
}

/** A file put together by hand from the format's description. */
async function made({ version = 3, keys = [], tensors = [], claimed = {}, data = Buffer.alloc(0), alignment = 32 }: Made): Promise<string> {
  const counts = [u64(claimed.tensors ?? tensors.length), u64(claimed.keys ?? keys.length)]
  const header = Buffer.concat([Buffer.from('GGUF'), u32(version), ...counts, ...keys, ...tensors])
  const path = join(folder, `${Math.random().toString(36).slice(2)}.gguf`)
  await writeFile(path, Buffer.concat([header, Buffer.alloc((alignment - (header.length % alignment)) % alignment), data]))
  return path
}

const VALUES = Float32Array.of(1, -2.5, 2 ** -149, -0, 3.4028234663852886e38, Math.fround(0.1), 7)

describe('writing', () => {
  it('makes files that an independent reader reads, to the bit', async () => {
    const path = join(folder, 'written.gguf')
    const metadata = { 'general.architecture': 'controlvector', 'controlvector.layer_count': { uint32: 2 }, 'some.truth': true }
    const bytes = await writeGguf(path, metadata, { 'direction.3': VALUES, 'direction.4': VALUES.map((value) => -value) })
    const file = await readFile(path)
    expect(file).toHaveLength(bytes)
    const read = await gguf(path, { allowLocalFile: true })
    expect(read.metadata).toMatchObject({
      version: 3,
      'general.architecture': 'controlvector',
      'controlvector.layer_count': 2,
      'some.truth': true
    })
    expect(read.tensorInfos.map(({ name, shape, dtype }) => ({ name, shape: shape.map(Number), dtype }))).toEqual([
      { name: 'direction.3', shape: [7], dtype: 0 },
      { name: 'direction.4', shape: [7], dtype: 0 }
    ])
    for (const [index, { offset }] of read.tensorInfos.entries()) {
      const start = Number(read.tensorDataOffset) + Number(offset)
      expect(start % 32).toBe(0)
      const found = Float32Array.from(VALUES, (_, i) => file.readFloatLE(start + 4 * i))
      expect(found).toEqual(index === 0 ? VALUES : VALUES.map((value) => -value))
    }
  })

  it('and our own reader gives the same back', async () => {
    const path = join(folder, 'again.gguf')
    await writeGguf(path, { 'general.name': 'joy – ☺' }, { 'direction.1': VALUES })
    const read = await readGguf(path)
    expect(read).toMatchObject({ container: 'gguf', metadata: { 'general.name': 'joy – ☺' }, notes: [] })
    expect(await readTensor(read, 'direction.1')).toEqual(VALUES)
  })
})

describe('reading', () => {
  it('takes every kind of value, passes over lists, and turns sizes round', async () => {
    const keys = [
      Buffer.concat([text('small'), u32(1), Buffer.from([0xff])]),
      Buffer.concat([text('long'), u32(10), u64(2n ** 60n)]),
      Buffer.concat([text('float'), u32(6), Buffer.from(Float32Array.of(0.5).buffer)]),
      Buffer.concat([text('numbers'), u32(9), u32(5), u64(3), Buffer.alloc(12)]),
      Buffer.concat([text('texts'), u32(9), u32(8), u64(2), text('a'), text('bc')])
    ]
    const data = Buffer.alloc(96)
    data.writeUInt16LE(0x3c00, 64)
    const tensors = [entry('whole', [4, 3], 0, 0), entry('half', [1], 1, 64), entry('packed', [32], 2, 64)]
    const read = await readGguf(await made({ version: 2, keys, tensors, data }))
    expect(read.metadata).toEqual({ small: '-1', long: String(2n ** 60n), float: '0.5', numbers: '', texts: '' })
    expect(read.tensors.get('whole')?.shape).toEqual([3, 4])
    expect([...(await readTensor(read, 'half'))]).toEqual([1])
    expect(read.notes).toEqual(['The tensor packed is stored as type 2 (quantised, say), which is not read.'])
  })

  it('keeps to the alignment a file states', async () => {
    const keys = [Buffer.concat([text('general.alignment'), u32(4), u32(64)])]
    const data = Buffer.alloc(68)
    data.writeFloatLE(7, 64)
    const read = await readGguf(await made({ keys, tensors: [entry('b', [1], 0, 64)], data, alignment: 64 }))
    expect([...(await readTensor(read, 'b'))]).toEqual([7])
  })

  it.each<[string, Made, string]>([
    ['version 1', { version: 1 }, 'it has version 1, which is not read'],
    ['a later version', { version: 4 }, 'it has version 4, and 2 and 3 are read'],
    ['big-endian', { version: 3 << 24 }, 'it is written big-endian'],
    ['too many keys', { claimed: { keys: 2n ** 40n } }, 'more than the 100000 that are read'],
    ['counts beyond any file', { claimed: { tensors: 2n ** 63n } }, 'larger than any file'],
    ['keys that are not there', { claimed: { keys: 3 } }, 'it is cut off after'],
    ['a text longer than the file', { keys: [Buffer.concat([u64(2n ** 62n)])] }, 'larger than any file'],
    ['a text longer than is read', { keys: [Buffer.concat([u64(2 ** 30)])] }, 'more than the 1048576 that are read'],
    ['a key that is not UTF-8', { keys: [Buffer.concat([u64(1), Buffer.from([0xff])])] }, 'is not UTF-8'],
    [
      'a key twice',
      { keys: [Buffer.concat([text('a'), u32(7), Buffer.from([1])]), Buffer.concat([text('a'), u32(7), Buffer.from([1])])] },
      'occurs twice'
    ],
    ['an unknown type of value', { keys: [Buffer.concat([text('a'), u32(99)])] }, 'has type 99, which is not known'],
    ['a list of lists', { keys: [Buffer.concat([text('a'), u32(9), u32(9), u64(1)])] }, 'holds type 9, which is not known'],
    ['a list longer than the file', { keys: [Buffer.concat([text('a'), u32(9), u32(12), u64(2n ** 50n)])] }, 'it is cut off after'],
    ['texts longer than the file', { keys: [Buffer.concat([text('a'), u32(9), u32(8), u64(2n ** 50n)])] }, 'it is cut off after'],
    ['an alignment that is none', { keys: [Buffer.concat([text('general.alignment'), u32(4), u32(24)])] }, 'a power of two from 8'],
    ['an alignment of 0', { keys: [Buffer.concat([text('general.alignment'), u32(4), u32(0)])] }, 'a power of two from 8'],
    ['too many axes', { tensors: [entry('a', [1, 1, 1, 1, 1], 0, 0)] }, 'has 5 axes, more than the 4 there can be'],
    ['sizes beyond any file', { tensors: [entry('a', [2 ** 40, 2 ** 40], 0, 0)] }, 'is larger than any file'],
    ['a tensor that is not there', { tensors: [entry('a', [8], 0, 0)] }, 'it is cut off'],
    ['a tensor off its place', { tensors: [entry('a', [1], 0, 4)], data: Buffer.alloc(64) }, 'does not start at a multiple of 32'],
    ['a tensor twice', { tensors: [entry('a', [1], 0, 0), entry('a', [1], 0, 32)], data: Buffer.alloc(64) }, 'the tensor a occurs twice'],
    ['overlap', { tensors: [entry('a', [16], 0, 0), entry('b', [8], 0, 32)], data: Buffer.alloc(64) }, 'the tensors a and b overlap']
  ])('refuses %s', async (_, bad, reason) => {
    const path = await made(bad)
    await expect(readGguf(path)).rejects.toMatchObject({ code: 'GGUF_INVALID', message: expect.stringContaining(reason) })
    await expect(readGguf(path)).rejects.toThrow(/ is not a GGUF file that can be read: /)
  })

  it('refuses every beginning of a good file, and reads none of them as something else', async () => {
    const path = join(folder, 'whole.gguf')
    await writeGguf(path, { 'general.architecture': 'controlvector' }, { 'direction.1': VALUES })
    const whole = await readFile(path)
    const cut = join(folder, 'cut.gguf')
    // The last bytes are padding, which a reader may miss.
    const needed = whole.length - (32 - ((4 * VALUES.length) % 32))
    for (let length = 0; length < needed; length += 3) {
      await writeFile(cut, whole.subarray(0, length))
      await expect(readGguf(cut), `the first ${length} bytes`).rejects.toMatchObject({ code: 'GGUF_INVALID' })
    }
  })
})
