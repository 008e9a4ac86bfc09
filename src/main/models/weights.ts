/** Finds a model's weights in its folder and checks them against what the architecture needs, without reading their values. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { assert, fail } from '../../shared/errors'
import { readJsonObject } from '../tensors/json'
import { readTensorFile, weightRef, type TensorEntry, type TensorFile } from '../tensors/tensor-file'
import type { WeightRef } from './types'

/** Where weights are looked for, in this order: one file, or an index of shards. */
const PLACES = [
  { single: 'model.safetensors', index: 'model.safetensors.index.json' },
  { single: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json' }
] as const

const Index = z.looseObject({ weight_map: z.record(z.string(), z.string()) })

/** Buffers that older libraries saved beside the weights: causal masks, rotation frequencies, position numbers. None is needed. */
const BUFFERS = /(^|\.)(attn\.bias|attention\.bias|masked_bias|rotary_emb\.inv_freq|position_ids)$/
/** A linear map's bias has one axis, a causal mask [1, 1, n, n]. */
const MASK_AXES = 4
/** Missing tensors that a text names. */
const LISTED = 4
const HINT = 'model_type in config.json'

export interface Weights {
  /** By name after stripping the prefix; only the required ones. */
  readonly refs: ReadonlyMap<string, WeightRef>
  readonly paths: readonly string[]
  /** Sizes of the weight files together. */
  readonly bytes: number
  /** Names, as the files spell them, of tensors that nothing here uses. */
  readonly extra: readonly string[]
}

/**
 * Paths of the weight files: one file, or the shards its index names. Safetensors come before PyTorch files.
 * @throws MODEL_FOLDER_INVALID, JSON_INVALID, FILE_MISSING
 */
export async function weightFiles(folder: string): Promise<string[]> {
  for (const { single, index } of PLACES) {
    if (existsSync(join(folder, single))) return [join(folder, single)]
    if (existsSync(join(folder, index))) return await shardsOf(folder, index)
  }
  return fail('MODEL_FOLDER_INVALID', { path: folder, reason: `${PLACES[0].single} is missing` })
}

async function shardsOf(folder: string, index: string): Promise<string[]> {
  const invalid = (reason: string): never => fail('MODEL_FOLDER_INVALID', { path: folder, reason })
  const parsed = Index.safeParse(await readJsonObject(join(folder, index)))
  if (!parsed.success) return invalid(`${index} has no weight_map`)
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort()
  if (names.length === 0) return invalid(`the weight_map of ${index} is empty`)
  // A shard is a plain file name: a path would lead out of the folder.
  const astray = names.find((name) => name !== basename(name) || name.includes('\\') || name.includes('\0') || name === '..')
  if (astray !== undefined) return invalid(`${index} names "${astray}", which is not a file of the folder`)
  return names.map((name) => join(folder, name))
}

/** A tensor in one of the files. */
interface Found {
  readonly file: TensorFile
  readonly entry: TensorEntry
}

/**
 * References to the required weights, each checked for presence, type and shape. The longest prefix that a tensor's name begins with
 * is stripped; of several tensors that are then called the same, one without a prefix counts, else the first.
 * @throws TENSOR_MISSING, TENSOR_DTYPE, TENSOR_SHAPE, and what reading a container may throw
 */
export async function readWeights(
  paths: readonly string[],
  required: ReadonlyMap<string, readonly number[]>,
  prefixes: readonly string[]
): Promise<Weights> {
  const files: TensorFile[] = []
  for (const path of paths) files.push(await readTensorFile(path))
  const found = new Map<string, Found>()
  const all: Found[] = files.flatMap((file) => [...file.tensors.values()].map((entry) => ({ file, entry })))
  const longestFirst = [...prefixes].sort((a, b) => b.length - a.length)
  for (const one of all) {
    const { name } = one.entry
    const prefix = longestFirst.find((candidate) => name.startsWith(candidate)) ?? ''
    const stripped = name.slice(prefix.length)
    if (!found.has(stripped) || prefix === '') found.set(stripped, one)
  }
  const missing = [...required.keys()].filter((name) => !found.has(name))
  if (missing.length > 0) return fail('TENSOR_MISSING', { path: paths[0] ?? '', name: listed(missing), hint: HINT })
  const refs = new Map<string, WeightRef>()
  const used = new Set<string>()
  for (const [name, expected] of required) {
    const tensor = found.get(name)
    assert(tensor, `${name} was found`)
    refs.set(name, weightRef(tensor.file, tensor.entry.name, expected, HINT))
    used.add(placeOf(tensor))
  }
  const extra = all.filter((one) => !used.has(placeOf(one)) && !isBuffer(one.entry)).map(({ entry }) => entry.name)
  return { refs, paths, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), extra }
}

function listed(names: readonly string[]): string {
  const more = names.length - LISTED
  return names.slice(0, LISTED).join(', ') + (more > 0 ? ` (and ${more} more)` : '')
}

/** Tensors that share their numbers (a head tied to the embedding) have the same place. */
function placeOf({ file, entry }: Found): string {
  const { offset, length, strides, packed } = entry
  return [file.path, packed?.offset ?? '', offset, length, ...strides].join(' ')
}

function isBuffer({ name, shape }: TensorEntry): boolean {
  return BUFFERS.test(name) && (!name.endsWith('.bias') || shape.length === MASK_AXES)
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
