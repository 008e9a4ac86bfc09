/** What format readers share: configurations from disk checked, refusals, matrices whichever way round they are stored. */
import { basename, dirname, extname } from 'node:path'
import { z } from 'zod'
import { fail, WorkbenchError } from '../../../shared/errors'
import { hashFiles } from '../../tensors/hash'
import { isRowMajor } from '../../tensors/layout'
import { tensorOf } from '../../tensors/read'
import { readTensorFile, weightRef, type TensorFile, type WeightRef } from '../../tensors/tensor-file'
import type { Place, Sae, SaeWeight } from '../types'

/** A size, a number of latents, a k. */
export const Size = z.number().int().positive()

/** A configuration checked against its schema. @throws SAE_CONFIG_INVALID, naming the first key that is wrong */
export function parseConfig<T>(schema: z.ZodType<T>, raw: unknown, path: string): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return invalid(path, `${issue?.path.join('.') ?? 'a key'}: ${issue?.message ?? 'is wrong'}`)
}

/** Refuses a configuration with SAE_CONFIG_INVALID. */
export function invalid(path: string, reason: string): never {
  return fail('SAE_CONFIG_INVALID', { path, reason })
}

/** What a reader must say of an SAE; what `saeOf` fills in is the plainest case. */
type Stated =
  'path' | 'folder' | 'name' | 'format' | 'architecture' | 'd_in' | 'd_sae' | 'weights' | 'gate' | 'inBias' | 'hook' | 'hash' | 'bytes'

/** The whole record, with W_enc [d_in, d_sae], W_dec [d_sae, d_out] and nothing done to the input or the output unless it is stated. */
export function saeOf(stated: Pick<Sae, Stated> & Partial<Sae>): Sae {
  return {
    d_out: stated.d_in,
    encoderByLatent: false,
    decoderByOutput: false,
    skipByInput: false,
    norm: 'none',
    inScale: 1,
    outScale: 1,
    centred: false,
    hookOut: null,
    modelName: null,
    prependBos: tokenizerAddsBos(stated.modelName ?? null),
    nominalL0: stated.gate.kind === 'topk' || stated.gate.kind === 'groupmax' ? stated.gate.k : null,
    neuronpediaId: null,
    notes: [],
    openQuestions: stated.hook === null ? ['hook'] : [],
    ...stated
  }
}

/** Of an SAE that is one file. */
export async function fileFields(file: TensorFile): Promise<Pick<Sae, 'path' | 'folder' | 'name' | 'hash' | 'bytes'>> {
  const { path, bytes } = file
  const name = basename(path, extname(path))
  // "6.pt" or "layer3.sae.pt" says little in a list; the folder above says which release.
  return { path, folder: dirname(path), name: `${basename(dirname(path))}/${name}`, hash: await hashFiles([path]), bytes }
}

/** Trainers that read text with the model's own tokenizer see a BOS token where it adds one: GPT-2's, NeoX's and Qwen's do not. */
export function tokenizerAddsBos(modelName: string | null): boolean {
  return modelName === null || !/gpt|pythia|neo|qwen|tinystories/i.test(modelName)
}

/** A matrix as it lies in its file: `transposed` is set where the file holds it column by column, and then `ref` is its transpose. */
export interface Matrix {
  readonly ref: WeightRef
  readonly transposed: boolean
}

/**
 * The matrix `name` [rows, columns]. PyTorch stores transposed views as they lie in memory, strides and all; such a matrix is taken as
 * its transpose, whose bytes can be used in place.
 * @throws TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE
 */
export function matrixRef(file: TensorFile, name: string, [rows, columns]: readonly [number, number], hint: string): Matrix {
  const ref = weightRef(file, name, [rows, columns], hint)
  const { strides, packed, bigEndian } = tensorOf(file, name)
  const swapped = isRowMajor([columns, rows], [...strides].reverse())
  if (ref.load === undefined || !swapped || packed !== undefined || bigEndian === true) return { ref, transposed: false }
  const { type, file: inFile, offset, length } = ref
  return { ref: { name, type, shape: [columns, rows], file: inFile, offset, length }, transposed: true }
}

/** Names of an SAE's tensors in its file, and which way round the matrices are. */
export interface Layout {
  readonly W_enc: string
  /** W_enc is [d_sae, d_in], as in a PyTorch linear layer, and not [d_in, d_sae]. */
  readonly encoderByLatent: boolean
  readonly W_dec: string
  /** W_dec is [d_out, d_sae], as in a PyTorch linear layer, and not [d_sae, d_out]. */
  readonly decoderByOutput: boolean
  /** Vectors of d_sae numbers; b_dec has d_out. */
  readonly vectors: Partial<Record<SaeWeight, string>>
  readonly b_dec: string
}

/** Names that PyTorch gives two linear layers called `encoder` and `decoder`. */
export function linearLayout(encoder: string, decoder: string): Layout {
  return {
    W_enc: `${encoder}.weight`,
    encoderByLatent: true,
    W_dec: `${decoder}.weight`,
    decoderByOutput: true,
    vectors: { b_enc: `${encoder}.bias` },
    b_dec: `${decoder}.bias`
  }
}

/** The layout's weights, checked against the sizes; without a b_dec it is 0. @throws TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
export function layoutWeights(
  file: TensorFile,
  layout: Omit<Layout, 'b_dec'> & { readonly b_dec: string | null },
  { d_in, d_sae }: { d_in: number; d_sae: number },
  hint: string
): Pick<Sae, 'weights' | 'encoderByLatent' | 'decoderByOutput'> {
  const { W_enc, encoderByLatent, W_dec, decoderByOutput, vectors, b_dec } = layout
  const encoder = matrixRef(file, W_enc, encoderByLatent ? [d_sae, d_in] : [d_in, d_sae], hint)
  const decoder = matrixRef(file, W_dec, decoderByOutput ? [d_in, d_sae] : [d_sae, d_in], hint)
  const weights = new Map<SaeWeight, WeightRef>([
    ['W_enc', encoder.ref],
    ['W_dec', decoder.ref]
  ])
  if (b_dec !== null) weights.set('b_dec', weightRef(file, b_dec, [d_in], hint))
  for (const name of ['b_enc', 'threshold', 'b_gate', 'b_mag', 'r_mag'] as const) {
    const stored = vectors[name]
    if (stored !== undefined) weights.set(name, weightRef(file, stored, [d_sae], hint))
  }
  return {
    weights,
    encoderByLatent: encoderByLatent !== encoder.transposed,
    decoderByOutput: decoderByOutput !== decoder.transposed
  }
}

/** d_in and d_sae from the shape of the encoder's matrix. @throws TENSOR_MISSING, TENSOR_SHAPE */
export function sizesOf(file: TensorFile, { W_enc, encoderByLatent }: Layout, hint: string): { d_in: number; d_sae: number } {
  const { shape } = tensorOf(file, W_enc, hint)
  const [rows = 0, columns = 0] = shape
  if (shape.length !== 2) fail('TENSOR_SHAPE', { name: W_enc, path: file.path, found: shape.join(', '), expected: 'd_sae, d_in' })
  return encoderByLatent ? { d_in: columns, d_sae: rows } : { d_in: rows, d_sae: columns }
}

const opened = new WeakMap<Place, Promise<TensorFile | null>>()

/**
 * The place as a file of tensors if it is one of such an extension, and null if it is not; its header is read once for all formats that
 * look at it. Does not throw on foreign files.
 */
export function tensorsOf(place: Place, extensions: readonly string[]): Promise<TensorFile | null> {
  if (!place.isFile || !extensions.includes(extname(place.path).toLowerCase())) return Promise.resolve(null)
  const known = opened.get(place)
  if (known) return known
  const reading = readTensorFile(place.path).catch((error: unknown) => {
    if (error instanceof WorkbenchError) return null
    throw error
  })
  opened.set(place, reading)
  return reading
}

/** Whether the file has all these tensors and, but for `others`, none besides. */
export function holdsOnly(file: TensorFile | null, names: readonly string[], others: readonly string[] = []): boolean {
  return (
    file !== null &&
    names.every((name) => file.tensors.has(name)) &&
    [...file.tensors.keys()].every((name) => names.includes(name) || others.includes(name))
  )
}

/** A file of one SAE made of two linear layers and named after its model and layer: f = relu(encoder(x)); y = decoder(f). */
export interface LinearFile {
  readonly format: string
  readonly layout: Layout
  readonly extensions: readonly string[]
  /** Model and layer in the file's name. */
  readonly named: RegExp
  readonly hint: string
}

/** @throws FILE_MISSING, TORCH_INVALID, PICKLE_REFUSED, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_DTYPE */
export async function readLinearFile(place: Place, { format, layout, extensions, named, hint }: LinearFile): Promise<Sae> {
  const file = (await tensorsOf(place, extensions)) ?? fail('FILE_MISSING', { path: place.path })
  const sizes = sizesOf(file, layout, hint)
  const [, model, layer] = named.exec(basename(place.path)) ?? []
  return saeOf({
    ...(await fileFields(file)),
    format,
    architecture: 'relu',
    ...sizes,
    ...layoutWeights(file, layout, sizes, hint),
    gate: { kind: 'relu' },
    inBias: null,
    hook: layer === undefined ? null : `blocks.${layer}.hook_resid_post`,
    modelName: model ?? null
  })
}
