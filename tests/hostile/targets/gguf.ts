import { readGguf } from '../../../src/main/tensors/gguf'
import type { Random } from '../../support/random-numbers'
import type { Seed, Target } from '../types'
import { readAllOf } from './tensors'

const number = (value: number | bigint, bytes: 4 | 8): Buffer => {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)))
  return buffer.subarray(0, bytes)
}
const text = (value: string): Buffer => Buffer.concat([number(Buffer.byteLength(value), 8), Buffer.from(value)])

interface Entry {
  readonly name: string
  readonly sizes: readonly (number | bigint)[]
  readonly type: number
  readonly offset: number | bigint
}

interface File {
  readonly version: number
  readonly keys: readonly Buffer[]
  readonly entries: readonly Entry[]
  readonly counts: readonly [tensors: number | bigint, keys: number | bigint]
  readonly data: Buffer
}

const KEYS = [
  Buffer.concat([text('general.architecture'), number(8, 4), text('controlvector')]),
  Buffer.concat([text('general.alignment'), number(4, 4), number(32, 4)]),
  Buffer.concat([text('numbers'), number(9, 4), number(5, 4), number(3, 8), Buffer.alloc(12, 1)]),
  Buffer.concat([text('texts'), number(9, 4), number(8, 4), number(2, 8), text('a'), text('bc')])
]
const ENTRIES: readonly Entry[] = [
  { name: 'direction.1', sizes: [6], type: 0, offset: 0 },
  { name: 'direction.2', sizes: [4, 3], type: 1, offset: 32 },
  { name: 'packed', sizes: [32], type: 2, offset: 64 }
]
const HONEST: File = { version: 3, keys: KEYS, entries: ENTRIES, counts: [3, 4], data: Buffer.alloc(96, 0x3c) }

function encode({ version, keys, entries, counts, data }: File): Buffer {
  const infos = entries.map(({ name, sizes, type, offset }) =>
    Buffer.concat([text(name), number(sizes.length, 4), ...sizes.map((size) => number(size, 8)), number(type, 4), number(offset, 8)])
  )
  const header = Buffer.concat([Buffer.from('GGUF'), number(version, 4), number(counts[0], 8), number(counts[1], 8), ...keys, ...infos])
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), data])
}

const HUGE = [2 ** 20, 2n ** 32n, 2n ** 53n, 2n ** 62n, 2n ** 64n - 1n]

function craft(random: Random): Buffer {
  const kind = random.below(7)
  const entries = ENTRIES.map((entry) => ({ ...entry }))
  const one = random.below(entries.length)
  const changed = (change: Partial<Entry>): File => ({
    ...HONEST,
    entries: entries.map((entry, at) => (at === one ? { ...entry, ...change } : entry))
  })
  if (kind === 0) return encode({ ...HONEST, version: random.pick([0, 1, 2, 4, 3 << 24]) })
  if (kind === 1)
    return encode({
      ...HONEST,
      counts: random.pick([
        [random.pick(HUGE), 4],
        [3, random.pick(HUGE)],
        [4, 4],
        [2, 4],
        [3, 3]
      ])
    })
  if (kind === 2)
    return encode(changed({ sizes: random.pick([[], [0], [random.pick(HUGE)], [random.pick(HUGE), random.pick(HUGE)], [1, 1, 1, 1, 1]]) }))
  if (kind === 3)
    return encode(changed({ offset: random.pick([0, 4, 32, 64, 96, random.pick(HUGE)]), type: random.pick([0, 1, 24, 28, 30, 99]) }))
  if (kind === 4) return encode({ ...HONEST, keys: KEYS.map((key) => (random.below(2) === 0 ? spoilKey(random, key) : key)) })
  if (kind === 5) return encode({ ...HONEST, data: HONEST.data.subarray(0, random.below(97)) })
  return encode(changed({ name: random.pick(['direction.1', '', 'x'.repeat(300), 'direction.\u0000']) }))
}

/** A length, a type or a byte of a key and its value that is another. */
function spoilKey(random: Random, key: Buffer): Buffer {
  const bytes = Buffer.from(key)
  if (random.below(2) === 0) number(random.pick(HUGE), 8).copy(bytes, random.below(Math.max(1, bytes.length - 8)))
  else bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}

const seeds: readonly Seed[] = [{ name: 'small', bytes: encode(HONEST) }]

export const gguf: Target = {
  name: 'gguf',
  file: () => 'case.gguf',
  seeds: () => seeds,
  craft,
  read: async (path) => readAllOf(await readGguf(path))
}
