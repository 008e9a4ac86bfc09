/** Models for tests: the default one and tiny ones whose numbers PyTorch computed (tests/fixtures/make/architectures). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '../..')
const TINY = join(ROOT, 'tests/fixtures/models')

export const DEFAULT_MODEL = join(ROOT, 'models/storyteller/model')
/** One with Conv1D weights and learned positions, one with rotary positions: for tests that need any model. */
export const TINY_MODELS = ['tiny-gpt2', 'tiny-llama'].map((name) => join(TINY, name))
/** One or more of every architecture. */
export const EVERY_TINY_MODEL = readdirSync(TINY)
  .sort()
  .map((name) => join(TINY, name))

/** [position, width], as float32 in base64. */
const Matrix = z.object({ shape: z.tuple([z.number(), z.number()]), f32: z.string() }).transform(({ shape: [, width], f32 }) => {
  const bytes = Uint8Array.from(Buffer.from(f32, 'base64'))
  const flat = Array.from(new Float32Array(bytes.buffer))
  return Array.from({ length: flat.length / width }, (_, row) => flat.slice(row * width, (row + 1) * width))
})
const ByPlace = z.record(z.string(), Matrix)
const Target = z.object({ value: z.number(), gradients: ByPlace })
/** See tests/fixtures/make/architectures/common.py. */
const TinyGolden = z.object({
  ids: z.array(z.number()),
  target: z.number(),
  logits: Matrix,
  hooks: ByPlace,
  reads: ByPlace,
  logit: Target,
  probability: Target,
  halves: z.object({ F16: Matrix, BF16: Matrix })
})
export type TinyGolden = z.infer<typeof TinyGolden>

export function readTinyGolden(folder: string): TinyGolden {
  return TinyGolden.parse(JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')))
}

/** Largest difference between two lists of numbers; infinite when their lengths differ. */
export function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let gap = 0
  for (let i = 0; i < a.length; i++) gap = Math.max(gap, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)))
  return gap
}
