/** Finds a model's weights in its folder and checks them against what the architecture needs, without reading their values. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import type { Dtype } from '../tensors/dtypes'
import { readJsonObject } from '../tensors/json'
import { readSafetensors } from '../tensors/safetensors'
import type { WeightRef } from './types'

const SINGLE = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'

const Index = z.looseObject({ weight_map: z.record(z.string(), z.string()) })

/** Types the forward pass takes: float32, or cast to it in the graph. */
const ELEMENT_TYPES: Partial<Record<Dtype, WeightRef['type']>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', F64: 'float64' }

export interface Weights {
  /** By name after stripping the prefix; only the required ones. */
  readonly refs: ReadonlyMap<string, WeightRef>
  readonly paths: readonly string[]
  /** Sizes of the weight files together. */
  readonly bytes: number
}

/**
 * Paths of the weight files: one file, or the shards its index names.
 * @throws MODEL_FOLDER_INVALID, JSON_INVALID, FILE_MISSING
 */
export async function weightFiles(folder: string): Promise<string[]> {
  if (existsSync(join(folder, SINGLE))) return [join(folder, SINGLE)]
  const index = join(folder, INDEX)
  if (existsSync(index)) {
    const parsed = Index.safeParse(await readJsonObject(index))
    if (!parsed.success) return fail('MODEL_FOLDER_INVALID', { path: folder, reason: `${INDEX} has no weight_map` })
    const names = [...new Set(Object.values(parsed.data.weight_map))].sort()
    if (names.length === 0) return fail('MODEL_FOLDER_INVALID', { path: folder, reason: `the weight_map of ${INDEX} is empty` })
    // A shard is a plain file name: a path would lead out of the folder.
    const astray = names.find((name) => name !== basename(name) || name.includes('\\'))
    if (astray !== undefined) return fail('MODEL_FOLDER_INVALID', { path: folder, reason: `${INDEX} names "${astray}", which is not a file of the folder` })
    return names.map((name) => join(folder, name))
  }
  const pickled = existsSync(join(folder, 'pytorch_model.bin'))
  const reason = pickled ? `its weights are in pytorch_model.bin, and ${SINGLE} is missing` : `${SINGLE} is missing`
  return fail('MODEL_FOLDER_INVALID', { path: folder, reason })
}

/**
 * References to the required weights, each checked for presence, type and shape.
 * @throws SAFETENSORS_INVALID, TENSOR_MISSING, TENSOR_DTYPE, TENSOR_SHAPE
 */
export async function readWeights(
  paths: readonly string[],
  required: ReadonlyMap<string, readonly number[]>,
  prefixes: readonly string[]
): Promise<Weights> {
  const found = new Map<string, { ref: WeightRef | null; dtype: Dtype; path: string; shape: readonly number[] }>()
  let bytes = 0
  for (const path of paths) {
    const file = await readSafetensors(path)
    bytes += file.bytes
    for (const { name, dtype, shape, offset, length } of file.tensors.values()) {
      const prefix = prefixes.find((candidate) => name.startsWith(candidate)) ?? ''
      const type = ELEMENT_TYPES[dtype]
      const ref = type === undefined ? null : { name, type, shape, file: basename(path), offset, length }
      found.set(name.slice(prefix.length), { ref, dtype, path, shape })
    }
  }
  const refs = new Map<string, WeightRef>()
  for (const [name, expected] of required) {
    const tensor = found.get(name) ?? fail('TENSOR_MISSING', { path: paths[0] ?? '', name, hint: 'model_type in config.json' })
    const { path, dtype, shape } = tensor
    if (tensor.ref === null) return fail('TENSOR_DTYPE', { name, path, dtype, supported: Object.keys(ELEMENT_TYPES).join(', ') })
    if (shape.length !== expected.length || shape.some((dim, axis) => dim !== expected[axis])) {
      return fail('TENSOR_SHAPE', { name, path, found: shape.join(', '), expected: expected.join(', ') })
    }
    refs.set(name, tensor.ref)
  }
  return { refs, paths, bytes }
}

/** Numbers in the weights, each counted once. */
export function countParameters(refs: ReadonlyMap<string, WeightRef>): number {
  return [...refs.values()].reduce((total, { shape }) => total + shape.reduce((product, dim) => product * dim, 1), 0)
}

/** The type most of the numbers are stored in. */
export function precisionOf(refs: ReadonlyMap<string, WeightRef>): string {
  const bytes = new Map<string, number>()
  for (const { type, length } of refs.values()) bytes.set(type, (bytes.get(type) ?? 0) + length)
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'float32'
}
