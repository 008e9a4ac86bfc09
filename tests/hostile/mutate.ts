/** Ways to spoil bytes without knowing what they mean. */
import type { Random } from '../support/random-numbers'
import type { Range, Seed, Spoilt } from './types'

const NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xfffffff0n,
  0xffffffffn,
  2n ** 32n,
  2n ** 40n,
  2n ** 52n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n
]

/** Records whose fields are worth lying about: zip's, and what stands at the beginning and end of any container. */
const RECORDS = ['504b0304', '504b0102', '504b0506', '504b0606', '504b0607', '934e554d5059'].map((hex) => Buffer.from(hex, 'hex'))

interface Draft {
  bytes: Buffer
  readonly touched: Range[]
}

type Mutation = (random: Random, draft: Draft, others: readonly Seed[]) => void

/** A seed with one to six mutations. */
export function mutate(random: Random, seed: Seed, others: readonly Seed[]): Spoilt {
  const draft: Draft = { bytes: Buffer.from(seed.bytes), touched: [] }
  const count = random.pick([1, 1, 1, 2, 3, 6])
  for (let i = 0; i < count; i++) random.pick(MUTATIONS)(random, draft, others)
  return { ...draft, seed }
}

const MUTATIONS: readonly Mutation[] = [
  flip,
  flip,
  flip,
  flip,
  flip,
  setByte,
  setByte,
  lie,
  lie,
  lie,
  lie,
  lieInText,
  lieInText,
  truncate,
  remove,
  insert,
  repeat,
  splice
]

function flip(random: Random, { bytes, touched }: Draft): void {
  if (bytes.length === 0) return
  const at = placeIn(random, bytes)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  touched.push([at, at + 1])
}

function setByte(random: Random, { bytes, touched }: Draft): void {
  if (bytes.length === 0) return
  const at = placeIn(random, bytes)
  bytes[at] = random.pick([0, 0xff, 0x28, 0x2e, 0x5b, 0x7b, 0x22, random.below(256)])
  touched.push([at, at + 1])
}

/** A little-endian number that is not true. */
function lie(random: Random, { bytes, touched }: Draft): void {
  const width = random.pick([2, 4, 8])
  if (bytes.length < width) return
  const at = Math.min(placeIn(random, bytes), bytes.length - width)
  const old = width === 8 ? bytes.readBigUInt64LE(at) : BigInt(bytes.readUIntLE(at, width))
  const value = BigInt.asUintN(
    width * 8,
    random.pick([random.pick(NUMBERS), old + 1n, old - 1n, old * 2n, BigInt(bytes.length), old + BigInt(random.below(100))])
  )
  const encoded = Buffer.alloc(8)
  encoded.writeBigUInt64LE(value)
  encoded.copy(bytes, at, 0, width)
  touched.push([at, at + width])
}

/** A number spelt in digits that is not true; as long as it was, or longer. */
function lieInText(random: Random, draft: Draft): void {
  const start = random.below(draft.bytes.length + 1)
  const text = draft.bytes.toString('latin1')
  const found = /\d+/g
  found.lastIndex = start
  const match = found.exec(text)
  if (!match) return
  const value = random.pick([
    String(random.pick(NUMBERS)),
    `-${match[0]}`,
    '9'.repeat(match[0].length),
    '0'.repeat(match[0].length),
    `${match[0]}0`,
    '1e99',
    '0.5'
  ])
  replace(draft, match.index, match.index + match[0].length, Buffer.from(value))
}

function truncate(random: Random, draft: Draft): void {
  const at = random.pick([placeIn(random, draft.bytes), draft.bytes.length - random.below(Math.min(64, draft.bytes.length + 1))])
  replace(draft, at, draft.bytes.length, Buffer.alloc(0))
}

function remove(random: Random, draft: Draft): void {
  const at = placeIn(random, draft.bytes)
  replace(draft, at, Math.min(draft.bytes.length, at + 1 + random.below(64)), Buffer.alloc(0))
}

function insert(random: Random, draft: Draft): void {
  const at = placeIn(random, draft.bytes)
  const length = 1 + random.below(64)
  replace(draft, at, at, Buffer.from(Array.from({ length }, () => random.pick([0, 0xff, random.below(256)]))))
}

/** The same bytes many times over: nesting, long texts, many members. */
function repeat(random: Random, draft: Draft): void {
  const at = placeIn(random, draft.bytes)
  const part = draft.bytes.subarray(at, at + 1 + random.below(random.pick([2, 8, 64])))
  const times = random.pick([2, 10, 100, 3000])
  replace(draft, at, at, Buffer.concat(Array.from({ length: times }, () => part)))
}

/** Bytes of another file in the place of our own. */
function splice(random: Random, draft: Draft, others: readonly Seed[]): void {
  const other = random.pick(others).bytes
  const length = 1 + random.below(Math.min(400, other.length))
  const from = random.below(Math.max(1, other.length - length))
  const at = placeIn(random, draft.bytes)
  const end = random.pick([at, Math.min(draft.bytes.length, at + length)])
  replace(draft, at, end, other.subarray(from, from + length))
}

/** Somewhere in the file: half of the time near a record, the beginning or the end, where the structure is. */
function placeIn(random: Random, bytes: Buffer): number {
  const anywhere = random.below(Math.max(1, bytes.length))
  if (random.below(2) === 0) return anywhere
  const records = RECORDS.flatMap((record) => {
    const at = bytes.indexOf(record, random.below(Math.max(1, bytes.length)))
    return at < 0 ? [] : [at]
  })
  const start = random.pick([0, Math.max(0, bytes.length - 64), ...records])
  return Math.min(start + random.below(64), Math.max(0, bytes.length - 1))
}

function replace(draft: Draft, start: number, end: number, part: Buffer): void {
  draft.bytes = Buffer.concat([draft.bytes.subarray(0, start), part, draft.bytes.subarray(end)])
  // What lies behind has moved, unless the part is as long as what it replaces.
  draft.touched.push([start, part.length === end - start ? end : Infinity])
}
