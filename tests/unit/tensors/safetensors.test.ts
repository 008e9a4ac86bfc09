import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { float32ToBfloat16, float32ToFloat16 } from '../../../src/main/tensors/dtypes'
import { readRows, readSafetensors, readTensor } from '../../../src/main/tensors/safetensors'
import { writeSafetensors } from '../../../src/main/tensors/write-safetensors'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A file with the given header text and so many bytes of data. */
async function file(header: string | Buffer, dataBytes: number, headerLength?: bigint): Promise<string> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.safetensors`)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(headerLength ?? BigInt(Buffer.byteLength(header)))
  await writeFile(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]))
  return path
}

const entry = (begin: number, end: number, shape: number[] = [(end - begin) / 4], dtype = 'F32'): unknown => ({
  dtype,
  shape,
  data_offsets: [begin, end]
})

describe('reading what was written', () => {
  it('gives back names, shapes, metadata and values of every float type', async () => {
    const values = Float32Array.of(1, -2.5, 0, 65504, 2 ** -24, -(2 ** -14))
    const path = join(folder, 'written.safetensors')
    await writeSafetensors(
      path,
      {
        full: { dtype: 'F32', shape: [2, 3], data: values },
        half: { dtype: 'F16', shape: [6], data: float32ToFloat16(values) },
        brain: { dtype: 'BF16', shape: [3, 2], data: float32ToBfloat16(Float32Array.of(1, -2.5, 0, 2 ** 100, 2 ** -100, -(2 ** -14))) },
        double: { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) },
        empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }
      },
      { made: 'by a test' }
    )
    const read = await readSafetensors(path)
    expect([...read.tensors.keys()]).toEqual(['full', 'half', 'brain', 'double', 'empty'])
    expect(read.metadata).toEqual({ made: 'by a test' })
    expect(read.tensors.get('full')?.offset).toSatisfy((offset: number) => offset % 64 === 0)
    expect(await readTensor(read, 'full')).toEqual(values)
    // Every value above is a binary16 number, so nothing may be lost.
    expect(await readTensor(read, 'half')).toEqual(values)
    expect([...(await readTensor(read, 'brain'))]).toEqual([1, -2.5, 0, 2 ** 100, 2 ** -100, -(2 ** -14)])
    expect(await readTensor(read, 'double')).toEqual(Float32Array.of(Math.PI))
    expect(await readTensor(read, 'empty')).toHaveLength(0)
    expect([...(await readTensor(read, 'full', { start: 2, count: 3 }))]).toEqual([0, 65504, 2 ** -24])
    expect([...(await readRows(read, 'brain', [2, 0]))]).toEqual([2 ** -100, -(2 ** -14), 1, -2.5])
  })

  it('rounds to half precision as IEEE 754 does: nearest, ties to even, overflow to infinity', () => {
    const words = float32ToFloat16(
      Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -25, 2047.5 * 2 ** -11, -0, NaN)
    )
    expect([...words].map((word) => word.toString(16))).toEqual(['3c00', '3c02', '7bff', '7c00', '0', '2', '3c00', '8000', '7e00'])
    expect([...float32ToBfloat16(Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, NaN))].map((word) => word.toString(16))).toEqual([
      '3f80',
      '3f82',
      '7fc0'
    ])
  })
})

describe('a damaged or hostile file is refused with the reason', () => {
  const json = JSON.stringify
  const cases: [what: string, make: () => Promise<string>, text: RegExp][] = [
    ['shorter than 8 bytes', async () => await truncated(await file('{}', 0), 5), /it has 5 bytes, fewer than the 8 of the header length/],
    ['a header beyond the end', () => file('{}', 0, 1000n), /its header claims 1000 bytes, but only 2 follow/],
    ['a header beyond the bound', () => file('{}', 0, 1n << 60n), /more than the 16777216 allowed/],
    ['a header that is no object', () => file('[]', 0), /does not begin with "\{"/],
    ['a header that is not JSON', () => file('{"a": ', 0), /its header is not a JSON object/],
    ['a header that is not UTF-8', () => file(Buffer.from([0x7b, 0xff, 0x7d]), 0), /its header is not UTF-8/],
    ['a name twice', () => file(`{"a":${json(entry(0, 4))},"a":${json(entry(0, 4))}}`, 4), /the name "a" occurs twice/],
    [
      'a name twice, spelt differently',
      () => file(`{"a":${json(entry(0, 4))},"\\u0061":${json(entry(0, 4))}}`, 4),
      /the name "a" occurs twice/
    ],
    [
      'a malformed entry',
      () => file(json({ a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } }), 4),
      /the entry of the tensor a is malformed/
    ],
    ['offsets that do not fit the shape', () => file(json({ a: entry(0, 4, [2]) }), 4), /the tensor a \[2\] F32 needs 8 bytes but has 4/],
    ['a shape beyond all bounds', () => file(json({ a: entry(0, 4, [2 ** 40, 2 ** 40]) }), 4), /larger than any file/],
    ['a hole', () => file(json({ a: entry(0, 4), b: entry(8, 12) }), 12), /4 bytes before the tensor b belong to no tensor/],
    ['an overlap', () => file(json({ a: entry(0, 8), b: entry(4, 12) }), 12), /the tensor b overlaps the one before it/],
    ['a file cut off', () => file(json({ a: entry(0, 400) }), 300), /it is cut off: \d+ of \d+ bytes are there/],
    ['bytes after the end', () => file(json({ a: entry(0, 4) }), 9), /5 bytes at its end belong to no tensor/],
    ['metadata that is no table of texts', () => file(json({ __metadata__: { a: 1 } }), 0), /its __metadata__ is not a table of texts/]
  ]
  it.each(cases)('%s', async (_, make, text) => {
    const path = await make()
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: 'SAFETENSORS_INVALID',
      message: expect.stringMatching(text),
      fix: 'The file is damaged or was cut off while downloading; download it again.'
    })
  })

  it('an element type that is not read', async () => {
    const path = await file(json({ a: entry(0, 4, [8], 'F4') }), 4)
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: 'TENSOR_DTYPE',
      message: `The tensor a in ${path} is stored as F4, which is not supported.`,
      fix: 'Supported are: F32, F16, BF16, F64.'
    })
  })

  it('a file that does not exist', async () => {
    const path = join(folder, 'nowhere.safetensors')
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'FILE_MISSING', message: `${path} does not exist.` })
  })

  it('a tensor that is not there, or is not of numbers, or was cut off since', async () => {
    const path = await file(json({ ids: entry(0, 8, [1], 'I64'), a: entry(8, 16) }), 16)
    const read = await readSafetensors(path)
    await expect(readTensor(read, 'b')).rejects.toMatchObject({ code: 'TENSOR_MISSING', message: `${path} has no tensor named b.` })
    await expect(readTensor(read, 'ids')).rejects.toMatchObject({ code: 'TENSOR_DTYPE' })
    await truncate(path, read.bytes - 4)
    await expect(readTensor(read, 'a')).rejects.toMatchObject({
      code: 'SAFETENSORS_INVALID',
      message: expect.stringMatching(/it is cut off/)
    })
  })
})

it('a place that cannot be written is refused and leaves nothing behind', async () => {
  const path = join(folder, 'no-such-folder', 'a.safetensors')
  await expect(writeSafetensors(path, {})).rejects.toMatchObject({ code: 'FILE_UNWRITABLE', message: `${path} cannot be written: ENOENT.` })
})

async function truncated(path: string, bytes: number): Promise<string> {
  await truncate(path, bytes)
  return path
}
