import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Random } from '../../support/random-numbers'
import { spoilJson } from '../json'
import type { Seed, Target } from '../types'
import { readAll } from './tensors'

const FIXTURES = resolve('tests/fixtures')

/** Honest headers with a few kilobytes of data, and one of a real layout. */
function seeds(): Seed[] {
  const small = encode(
    '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},"n":{"dtype":"I64","shape":[],"data_offsets":[32,40]},"e":{"dtype":"F16","shape":[0,7],"data_offsets":[40,40]}}',
    Buffer.alloc(40, 0x3c)
  )
  const real = readFileSync(join(FIXTURES, 'gradsae/gpt2-bare-bf16/sae-08-topk/sae_weights.safetensors'))
  return [
    { name: 'small', bytes: small },
    { name: 'real', bytes: real }
  ]
}

function encode(header: string | Buffer, data: Buffer, length = BigInt(Buffer.byteLength(header))): Buffer {
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt.asUintN(64, length))
  return Buffer.concat([prefix, Buffer.from(header), data])
}

function craft(random: Random, { bytes }: Seed): Buffer {
  const length = Number(bytes.readBigUInt64LE(0))
  const [header, data] = [bytes.toString('utf8', 8, 8 + length), bytes.subarray(8 + length)]
  const kind = random.below(12)
  if (kind === 0)
    return encode(header, data, random.pick([0n, 1n, BigInt(length + 1), BigInt(length - 1), 2n ** 63n, -1n, 2n ** 24n, 2n ** 24n + 1n]))
  if (kind === 1) return encode(manyTensors(random.pick([10, 1000, 3000])), data)
  if (kind === 2) return encode('['.repeat(random.pick([70, 100_000])), data)
  if (kind === 3)
    return encode(
      header.replace(
        '[2,3]',
        `[${Array(random.pick([60, 70, 50_000]))
          .fill(1)
          .join(',')}]`
      ),
      data
    )
  if (kind === 4) return encode(Buffer.concat([Buffer.from(header), Buffer.from([0xff, 0xfe])]), data)
  if (kind === 5) return encode(header, data.subarray(0, random.below(data.length)))
  if (kind === 6) return encode(overlapping(random), Buffer.alloc(64))
  return encode(spoilJson(random, header), random.below(8) === 0 ? Buffer.concat([data, data]) : data)
}

const manyTensors = (count: number): string =>
  `{${Array.from({ length: count }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join(',')}}`

/** Tensors over 64 bytes whose places were thrown. */
function overlapping(random: Random): string {
  const entry = (): string => {
    const [a, b] = [random.below(17) * 4, random.below(17) * 4]
    const [begin, end] = random.below(8) === 0 ? [a, b] : [Math.min(a, b), Math.max(a, b)]
    return `{"dtype":"F32","shape":[${(end - begin) / 4}],"data_offsets":[${begin},${end}]}`
  }
  return `{${Array.from({ length: 1 + random.below(3) }, (_, i) => `"t${i}":${entry()}`).join(',')}}`
}

const honest = seeds()

export const safetensors: Target = { name: 'safetensors', file: () => 'case.safetensors', seeds: () => honest, craft, read: readAll }
