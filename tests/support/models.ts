/** Models for tests: the default one and two tiny ones whose numbers PyTorch computed (tests/fixtures/make/torch_models.py). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '../..')

export const DEFAULT_MODEL = join(ROOT, 'models/storyteller/model')
export const TINY_MODELS = ['tiny-gpt2', 'tiny-llama'].map((name) => join(ROOT, 'tests/fixtures/models', name))

const Matrix = z.array(z.array(z.number()))
const Target = z.object({ value: z.number(), gradients: z.record(z.string(), Matrix) })
const TinyGolden = z.object({
  ids: z.array(z.number()),
  target: z.number(),
  /** [position, d_vocab] */
  logits: Matrix,
  /** Hook point -> [position, d_model] */
  resid: z.record(z.string(), Matrix),
  /** Value and gradients of the target token's logit, and of its probability, at the last position. */
  logit: Target,
  probability: Target
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
