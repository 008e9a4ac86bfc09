/** npy files, npz archives, and zip archives whatever is in them. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import type { Random } from '../../support/random-numbers'
import { npyHeader, npyOf, zeros } from '../../support/npy'
import { zipOf, type EndLie, type MemberToWrite } from '../../support/zip'
import type { Seed, Target } from '../types'
import { readAll } from './tensors'

const CONTAINERS = resolve('tests/fixtures/containers')
const load = (names: readonly string[]): Seed[] => names.map((name) => ({ name, bytes: readFileSync(join(CONTAINERS, name)) }))

const arrays = load(['one.npy', 'version2.npy', 'python2.npy', 'bfloat16.npy'])
const archives = load(['plain.npz', 'packed.npz', 'fortran.npz', 'fortran-packed.npz', 'big-endian.npz', 'zip64.npz', 'objects.npz'])

const DESCRS = [
  '<f4',
  '<f2',
  '<f8',
  '>f4',
  '<i8',
  '|u1',
  '|b1',
  '<V2',
  '|V2',
  '|O',
  'O',
  '<U9',
  '<f3',
  '=f4',
  '<f16',
  '<c8',
  '>c8',
  '',
  "'",
  '<f4\\n',
  '__import__'
]
const SIZES = [0, 1, 2, 3, 6, 1000, 2 ** 20, 2 ** 31, 2 ** 40, 2 ** 53, -1, 0.5]

function craftArray(random: Random): Buffer {
  const shape = Array.from({ length: random.pick([0, 1, 2, 3, 65]) }, () => random.pick(random.below(3) === 0 ? SIZES : [1, 2, 3]))
  const data = Buffer.alloc(random.pick([0, 4, 24, 64, 4 * Math.min(1000, Math.abs(shape.reduce((product, size) => product * size, 1)))]))
  let header = npyHeader(random.pick(random.below(2) === 0 ? DESCRS : ['<f4', '<f2']), shape, random.below(2) === 0)
  const kind = random.below(10)
  if (kind === 0)
    header = header.replace(/'(descr|shape|fortran_order)'/, random.pick(["'x'", "'descr'", '"shape"', 'descr', "'__class__'"]))
  if (kind === 1) header = header.replace('False', random.pick(['0', 'None', 'false', '__import__("os").system("touch executed")']))
  if (kind === 2) header += ' '.repeat(random.pick([1, 5000, 60_000, 65_000]))
  if (kind === 3) header = '('.repeat(random.pick([10, 60_000]))
  if (kind === 4) header = header.replace('(', '('.repeat(random.pick([2, 3000])))
  const bytes = npyOf(header.slice(0, 65_000), data)
  if (kind === 5) bytes[6] = random.below(6)
  if (kind === 6) bytes.writeUInt16LE(random.below(65_536), 8)
  return bytes
}

const NAMES = [
  'a.npy',
  'b.npy',
  'a',
  '',
  '.npy',
  '../a.npy',
  '/etc/passwd',
  'C:\\a.npy',
  'x/../../a.npy',
  'a\0.npy',
  'a/data.pkl',
  'ü.npy',
  '__proto__.npy',
  'constructor.npy',
  'x'.repeat(60_000)
]
/** Zeros deflate a thousand to one; made once. */
const bombs = [2 ** 20, 2 ** 25].map((bytes) => {
  const data = npyOf(npyHeader('<f4', [bytes / 4]), Buffer.alloc(bytes))
  return { data, packed: deflateRawSync(data) }
})

function craftArchive(random: Random): Buffer {
  const members: MemberToWrite[] = Array.from({ length: random.pick([0, 1, 2, 3, 3, 3, 3, 3, 3, 100]) }, (_, i) => {
    const name = random.below(8) === 0 ? random.pick(NAMES) : `m${i}.npy`
    const data = random.below(5) === 0 ? craftArray(random) : zeros([1 + random.below(5), 2])
    const facts = (): number =>
      random.pick([0, 1, data.length, data.length + 1, data.length * 1000, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 2, random.below(2000)])
    const lies = (keys: readonly ('size' | 'length' | 'crc' | 'flags' | 'method' | 'header')[]): Record<string, number> =>
      Object.fromEntries(
        random
          .shuffled(keys)
          .slice(0, random.pick([0, 0, 0, 0, 0, 0, 0, 0, 1, 2]))
          .map((key) => [key, key === 'method' || key === 'flags' ? random.pick([0, 1, 8, 9, 0x800, 14]) : facts()])
      )
    return {
      name,
      data,
      deflate: random.below(2) === 0,
      lie: lies(['size', 'length', 'crc', 'flags', 'method', 'header']),
      local: lies(['size', 'length', 'crc', 'flags', 'method'])
    }
  })
  if (random.below(30) === 0) members.push(bomb(random))
  const end: EndLie =
    random.below(8) === 0
      ? { [random.pick(['disk', 'count', 'length', 'offset'])]: random.pick([0, 1, 2, 0xffff, random.below(1000)]) }
      : {}
  return zipOf(members, end)
}

/** A deflated array of a megabyte or thirty-two, its size told truly or not. */
function bomb(random: Random): MemberToWrite {
  const { data, packed } = random.pick(bombs)
  const size = random.pick([data.length, data.length, 152, data.length - 1, data.length + 1, 2 ** 31 + 1])
  return { name: 'bomb.npy', data: packed, lie: { method: 8, size, length: packed.length } }
}

export const npy: Target = { name: 'npy', file: (seed) => seed, seeds: () => arrays, craft: craftArray, read: readAll }
export const npz: Target = { name: 'npz', file: (seed) => seed, seeds: () => archives, craft: craftArchive, read: readAll }
