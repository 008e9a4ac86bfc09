/** Zip archives and npy files whose records lie. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crcOf } from '../../../src/main/tensors/crc'
import { readTensor, readTensorFile } from '../../../src/main/tensors/tensor-file'
import { CONTAINERS } from '../../support/containers'
import { failureOf } from '../../support/failing'
import { removeFolder, temporaryFolderForFile } from '../../support/file-folder'
import { npyHeader, npyOf, zeros } from '../../support/npy'
import { zipOf, type EndLie, type MemberToWrite } from '../../support/zip'

let folder = ''
beforeAll(async () => {
  folder = await temporaryFolderForFile()
})
afterAll(() => removeFolder(folder))

let made = 0
async function file(bytes: Uint8Array, ending = 'npz'): Promise<string> {
  const path = join(folder, `${made++}.${ending}`)
  await writeFile(path, bytes)
  return path
}

const refusal = (bytes: Uint8Array, ending?: string): Promise<string> => failureOf(async () => readTensorFile(await file(bytes, ending)))

const a = { name: 'a.npy', data: zeros([2, 3]) }
const b = { name: 'b.npy', data: zeros([4]) }

it('the checksum is that of the zip format', () => {
  // The check value every description of CRC-32 gives.
  expect(crcOf(Buffer.from('123456789'))).toBe(0xcbf43926)
})

it('an honest archive is read, whatever follows its directory as a comment', async () => {
  const bytes = zipOf([a, { ...b, deflate: true }])
  bytes.writeUInt16LE(5, bytes.length - 2)
  const read = await readTensorFile(await file(Buffer.concat([bytes, Buffer.from('notes')])))
  expect([...read.tensors.keys()]).toEqual(['a', 'b'])
  expect([...(await readTensor(read, 'b'))]).toEqual([0, 0, 0, 0])
})

describe('an archive is refused with the reason when', () => {
  const cases: [what: string, members: MemberToWrite[], text: RegExp, end?: EndLie][] = [
    ['its directory claims more members', [a], /is not a valid zip archive: its directory is damaged\. The file is damaged/, { count: 2 }],
    ['its directory claims fewer members', [a, b], /its directory has 1 entries, but bytes beyond them/, { count: 1 }],
    ['its directory claims to lie elsewhere', [a], /its directory is damaged/, { offset: 3 }],
    ['its directory reaches beyond its end', [a], /its directory reaches beyond its end/, { offset: 1e9 }],
    ['it is one of several', [a], /it is one part of several/, { disk: 1 }],
    ['the wide directory it refers to is missing', [a], /its zip64 directory is missing/, { offset: 0xffffffff }],
    ['it claims more members than are read', [a], /it claims 30000 members in \d+ bytes, more than are read/, { count: 30000 }],
    ['two members have one name', [a, a], /two members named "a\.npy"/],
    ['two members overlap', [a, { ...b, lie: { header: 0 }, name: 'a.npy' }], /two members named/],
    [
      'a member lies in another',
      [
        { ...a, data: zipOf([b]), name: 'c.npy' },
        { ...b, lie: { header: 35 } }
      ],
      /members "c\.npy" and "b\.npy" overlap/
    ],
    ['a member lies outside', [{ ...a, lie: { header: 1e8 } }], /member "a\.npy" lies outside/],
    ['a member reaches into the directory', [{ ...a, lie: { size: 9999, length: 9999 } }], /member "a\.npy" lies outside/],
    ['a member is not where the directory says', [{ ...a, lie: { header: 1 } }], /member "a\.npy" is not where the directory says/],
    ['a member is encrypted', [{ ...a, lie: { flags: 1 } }], /member "a\.npy" is encrypted/],
    ['a member is packed with something else', [{ ...a, lie: { method: 93 } }], /compressed in a way that is not read \(93\)/],
    ['a stored member has two sizes', [{ ...a, lie: { size: 5 } }], /member "a\.npy" has two sizes/],
    [
      'headers contradict each other in the name',
      [{ ...a, local: { name: 'x.npy' } }],
      /the two headers of its member "a\.npy" contradict/
    ],
    ['headers contradict each other in the sizes', [{ ...a, local: { size: 7 } }], /the two headers of its member "a\.npy" contradict/],
    ['headers contradict each other in the method', [{ ...a, local: { method: 8 } }], /the two headers of its member "a\.npy" contradict/],
    ['headers contradict each other in the checksum', [{ ...a, local: { crc: 7 } }], /the two headers of its member "a\.npy" contradict/],
    ['the wide sizes of a member are missing', [{ ...a, lie: { size: 0xffffffff } }], /the zip64 sizes of its member "a\.npy" are missing/],
    [
      'a bomb claims what deflate cannot do',
      [{ ...a, deflate: true, lie: { size: 1e9 } }],
      /claims 1000000000 bytes from \d+, more than deflate can do/
    ],
    ['a path leads upwards', [{ ...a, name: '../a.npy' }], /a member with the name "\.\.\/a\.npy", which leads out of it/],
    ['a path leads upwards the other way', [{ ...a, name: 'x\\..\\..\\a.npy' }], /which leads out of it/],
    ['a path is absolute', [{ ...a, name: '/etc/a.npy' }], /which leads out of it/],
    ['a path names a drive', [{ ...a, name: 'C:\\a.npy' }], /which leads out of it/],
    ['a name hides its end', [{ ...a, name: 'a\0.npy' }], /which leads out of it/],
    ['a member has no name', [{ ...a, name: '' }], /which leads out of it/]
  ]
  it.each(cases)('%s', async (_, members, text, end) => {
    expect(await refusal(zipOf(members, end))).toMatch(text)
  })

  it('it is cut off', async () => {
    const bytes = zipOf([a, b])
    expect(await refusal(bytes.subarray(0, bytes.length - 1))).toMatch(/the directory at its end is missing; it was probably cut off/)
    expect(await refusal(Buffer.from('PK'))).toMatch(/it has 2 bytes, too few for a zip archive/)
  })

  it('its wide directory lies', async () => {
    const bytes = await readFile(join(CONTAINERS, 'zip64.npz'))
    const record = bytes.indexOf(Buffer.from('504b0606', 'hex'))
    const spoilt = async (at: number, value: bigint): Promise<string> => {
      const copy = Buffer.from(bytes)
      copy.writeBigUInt64LE(value, at)
      return await refusal(copy)
    }
    expect(await spoilt(record + 24, 3n)).toMatch(/two directories contradict each other/)
    expect(await spoilt(record + 48, 2n ** 63n)).toMatch(/it claims to be larger than any file/)
    expect(await spoilt(record + 56 + 8, 1n)).toMatch(/its zip64 directory is not where it should be/)
    expect(await spoilt(record + 56 + 8, 2n ** 50n)).toMatch(/its zip64 directory reaches beyond its end/)
  })

  it('it holds neither arrays nor a state dict', async () => {
    expect(await refusal(zipOf([{ name: 'readme.txt', data: Buffer.from('hello') }]))).toMatch(/holds no tensors in a known way/)
  })
})

describe('a compressed array is refused when', () => {
  const read = (member: MemberToWrite): Promise<string> =>
    failureOf(async () => readTensor(await readTensorFile(await file(zipOf([member]))), member.name.replace('.npy', '')))
  const packed = { ...a, deflate: true }

  it('its checksum is wrong', async () => {
    expect(await read({ ...packed, lie: { crc: 1 } })).toMatch(/is not a valid NumPy file: a: its checksum is wrong\./)
  })

  it('it is not a deflated stream', async () => {
    expect(await read({ name: 'a.npy', data: Buffer.alloc(99, 0xff), lie: { method: 8 } })).toMatch(/a\.npy: it is not a deflated stream/)
  })

  it('it inflates to more or less than it claims', async () => {
    const size = a.data.length
    expect(await read({ name: 'a.npy', deflate: true, data: Buffer.concat([a.data, Buffer.alloc(8)]), lie: { size } })).toMatch(
      /it inflates to more than the 152 bytes it claims/
    )
    const short = npyOf(npyHeader('<f4', [2, 3]), Buffer.alloc(16))
    expect(await read({ name: 'a.npy', deflate: true, data: short, lie: { size } })).toMatch(/it inflates to 144 bytes, but claims 152/)
  })

  it('it is larger than what is inflated into memory', async () => {
    const bytes = Buffer.alloc(4_200_000)
    const member = { name: 'a.npy', data: bytes, lie: { method: 8, size: 2 ** 32 - 2 } }
    expect(await refusal(zipOf([member]))).toMatch(/compressed arrays above 2147483648 bytes are not read; save it with numpy\.savez/)
  })
})

describe('an npy file is refused when', () => {
  const data = Buffer.alloc(24)
  const good = npyHeader('<f4', [2, 3])
  const version = (major: number): Buffer => {
    const bytes = npyOf(good, data)
    bytes[6] = major
    return bytes
  }
  const long = (length: number): Buffer => {
    const bytes = npyOf(good, data)
    bytes.writeUInt16LE(length, 8)
    return bytes
  }
  const cases: [what: string, bytes: Buffer, text: RegExp][] = [
    ['its version is unknown', version(9), /is not a valid NumPy file: its npy version 9 is not known\./],
    ['its header reaches beyond its end', long(60000), /its header claims 60010 bytes, but only 152 are there/],
    ['its header is longer than any', version(2), /its header claims \d+ bytes, more than the 65536 that are read/],
    [
      'its header is code',
      npyOf("{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': (2, 3), }", data),
      /its header is not the one NumPy writes/
    ],
    [
      'its header has a key twice',
      npyOf("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", data),
      /not the one NumPy writes/
    ],
    ['its header lacks a key', npyOf("{'descr': '<f4', 'shape': (2, 3)}", data), /not the one NumPy writes/],
    [
      'its header has one more',
      npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", data),
      /not the one NumPy writes/
    ],
    ['its shape is negative', npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", data), /not the one NumPy writes/],
    ['its shape is no number', npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (2,, 3), }", data), /not the one NumPy writes/],
    ['it holds Python objects', npyOf(npyHeader('|O', [3]), data), /holds pickled Python objects, which are never loaded/],
    [
      'it holds records',
      npyOf("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", data),
      /has the type records, which is not read/
    ],
    ['it holds raw bytes of two', npyOf(npyHeader('|V2', [12]), data), /has the type \|V2, which is not read/],
    ['it holds complex numbers the other way round', npyOf(npyHeader('>c8', [3]), data), /has the type >c8, which is not read/],
    ['it is cut off', npyOf(good, data.subarray(1)), /the array \[2, 3\] F32 needs 24 bytes after its header but has 23/],
    ['it has more than it says', npyOf(good, Buffer.alloc(25)), /needs 24 bytes after its header but has 25/],
    ['its shape is larger than any file', npyOf(npyHeader('<f4', [2 ** 40, 2 ** 40]), data), /it claims to be larger than any file/],
    ['it has too many axes', npyOf(npyHeader('<f4', Array<number>(65).fill(1)), data), /it has 65 axes, more than the 64 that are read/]
  ]
  it.each(cases)('%s', async (_, bytes, text) => {
    expect(await refusal(bytes, 'npy')).toMatch(text)
  })
})
