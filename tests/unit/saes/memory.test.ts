/** The arithmetic of the estimate; see tests/unit/models/memory.test.ts. */
import { expect, it } from 'vitest'
import { openSae, saeMemory } from '../../../src/main/saes'
import type { Sae } from '../../../src/main/saes/types'
import type { WeightRef } from '../../../src/main/models/types'
import { DEFAULT_SAE } from '../../support/benches'

const found = await openSae(DEFAULT_SAE)

/** The default SAE as if it had other sizes and another type. */
function saeOf(d_in: number, d_sae: number, type: WeightRef['type'], changes: Partial<Sae> = {}): Sae {
  const size = { float32: 4, float16: 2, bfloat16: 2, float64: 8 }[type]
  const matrix = (shape: readonly number[]): WeightRef => ({ name: 'W', type, shape, file: 'f', offset: 0, length: size * d_in * d_sae })
  const weights = new Map(found.weights).set('W_enc', matrix([d_in, d_sae])).set('W_dec', matrix([d_sae, d_in]))
  return { ...found, d_in, d_out: d_in, d_sae, weights, gate: { kind: 'topk', k: 32, byDecoderNorm: false }, ...changes }
}
const bytesOf = (sae: Sae, what: RegExp): number | undefined => saeMemory(sae).find((part) => what.test(part.what))?.bytes

it('packs a small encoder as float32 whatever it is stored as, and maps the decoder', () => {
  const sae = saeOf(768, 24576, 'bfloat16')
  expect(bytesOf(sae, /encoder as float32 \(stored as bfloat16\)/)).toBe(4 * 768 * 24576)
  expect(bytesOf(sae, /decoder, where/)).toBe(2 * 768 * 24576)
})

it('maps a large encoder, casting half precision slice by slice, and reads single decoder rows from disk', () => {
  const half = saeOf(3584, 131072, 'bfloat16')
  expect(bytesOf(half, /slice by slice/)).toBe(2 * 3584 * 131072)
  expect(bytesOf(saeOf(3584, 131072, 'float32'), /encoder, where its file is mapped/)).toBe(4 * 3584 * 131072)
  expect(bytesOf(half, /decoder, where/)).toBe(0)
  expect(bytesOf(saeOf(3584, 131072, 'float32', { decoderByOutput: true }), /decoder, where/)).toBe(4 * 3584 * 131072)
})

it.each([
  { gate: { kind: 'jumprelu', threshold: 'weight', timesDecoderNorm: false }, arrays: 4 },
  { gate: { kind: 'topk', k: 32, byDecoderNorm: false }, arrays: 1 },
  { gate: { kind: 'topk', k: 32, byDecoderNorm: true }, arrays: 2 },
  { gate: { kind: 'groupmax', k: 32 }, arrays: 1 }
] as const)('has $arrays dense arrays of 128 positions with the gate $gate', ({ gate, arrays }) => {
  expect(bytesOf(saeOf(768, 24576, 'float32', { gate }), /activations/)).toBe(arrays * 4 * 128 * 24576)
})

it('has no dense array of a large SAE, which gives them back after each run', () => {
  expect(bytesOf(saeOf(3584, 131072, 'float32'), /activations/)).toBe(0)
})

it('has the decoder rows of the latents that 128 positions come to, never more than there are', () => {
  // 1 - (1 - 1/d)^n of d latents, in its limit for large d.
  const rows = (sae: Sae): number => (bytesOf(sae, /decoder rows/) ?? 0) / (4 * 4 * sae.d_out)
  expect(rows(saeOf(768, 170_000, 'float32'))).toBeCloseTo(128 * 32 * (1 - (128 * 32) / 340_000), -1)
  expect(rows(saeOf(768, 64, 'float32'))).toBeCloseTo(64, 5)
  const relu = { gate: { kind: 'relu' }, nominalL0: 10 } as const
  expect(rows(saeOf(768, 170_000, 'float32', relu))).toBeCloseTo(1280 * (1 - 1280 / 340_000), -1)
})
