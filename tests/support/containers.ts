/** Files of tests/fixtures/containers, written by NumPy and PyTorch (tests/fixtures/make/containers.py), and what is in them. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'

export const CONTAINERS = resolve('tests/fixtures/containers')

const Tensor = z.object({ dtype: z.string(), shape: z.array(z.number()), values: z.array(z.number()) })
const File = z.object({ tensors: z.record(z.string(), Tensor), values: z.record(z.string(), z.unknown()) })

export type GoldenTensor = z.infer<typeof Tensor>

/** File name -> tensors and plain values, as NumPy and PyTorch see them. */
export const GOLDEN = z.record(z.string(), File).parse(JSON.parse(readFileSync(join(CONTAINERS, 'golden.json'), 'utf8')))
