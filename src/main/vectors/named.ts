/** Vectors among the tensors of a container: which they are, and where their names say they belong. */
import { fail } from '../../shared/errors'
import { isFloat } from '../tensors/dtypes'
import { readTensor } from '../tensors/read'
import type { TensorEntry, TensorFile } from '../tensors/types'
import type { FoundVector, Known, LayerVector } from './types'

/** What a file of ours says of itself, as texts: keys of safetensors' and GGUF's metadata. */
export const RECIPE_NAME = 'gradsae.recipe'
export const MODEL_NAME = 'gradsae.model'
export const MODEL_HASH = 'gradsae.model_hash'
export const SAE_HASHES = 'gradsae.sae_hashes'
export const WORKBENCH = 'gradsae.workbench'
export const EDIT_SPECIAL = 'gradsae.edit_special'

/** No model has more numbers at a position, or more blocks. */
const MAX_WIDTH = 2 ** 20
const MAX_VECTORS = 4096

/** `direction.{layer}`, as llama.cpp, repeng and this program name the vector that is added to the output of block `layer`. */
export function tensorNames(vectors: readonly LayerVector[]): Record<string, Float32Array> {
  return Object.fromEntries(vectors.map(({ layer, vector }) => [`direction.${layer}`, vector]))
}

/**
 * The vectors of a container: every tensor that is named `direction.{layer}` or like a hook point; or its one tensor, whatever it is
 * called, whose place is not known then. Others are passed over with a note.
 * @throws VECTORS_INVALID, and what reading a tensor throws
 */
export async function vectorsOf(file: TensorFile): Promise<{ vectors: FoundVector[]; notes: string[] }> {
  const all = [...file.tensors.values()]
  const named = all.flatMap((entry) => {
    const hook = hookOf(entry.name)
    return hook === null ? [] : [{ entry, hook }]
  })
  const [only] = all
  const chosen = named.length === 0 && only && all.length === 1 ? [{ entry: only, hook: null }] : named
  const refuse = (reason: string): never => fail('VECTORS_INVALID', { path: file.path, reason })
  if (chosen.length === 0)
    return refuse(
      `none of its ${all.length} tensors is called direction.{layer} or like a hook point (${
        all
          .slice(0, 3)
          .map(({ name }) => name)
          .join(', ') || 'it has none'
      })`
    )
  if (chosen.length > MAX_VECTORS) return refuse(`it has ${chosen.length} vectors, more than the ${MAX_VECTORS} that are read`)
  const notes =
    named.length > 0 && named.length < all.length
      ? [`Passed over, for their names: ${all.length - named.length} of ${all.length} tensors.`]
      : []
  const vectors: FoundVector[] = []
  for (const { entry, hook } of chosen) {
    const reason = whyNoVector(entry)
    if (reason !== null) refuse(reason)
    const vector = await readTensor(file, entry.name)
    if (!vector.every(Number.isFinite)) refuse(`a number of ${entry.name} is not finite`)
    vectors.push({ name: entry.name, hook, vector })
  }
  return { vectors, notes }
}

function hookOf(name: string): string | null {
  const layer = /^direction\.(0|[1-9]\d{0,4})$/.exec(name)?.[1]
  if (layer !== undefined) return `blocks.${layer}.hook_resid_post`
  return /^blocks\.\d{1,5}\.[\w.]{1,40}$/.test(name) ? name : null
}

/** One axis, or others of size 1 beside it. */
function whyNoVector({ name, shape, dtype }: TensorEntry): string | null {
  const width = Math.max(...shape, 0)
  if (
    width === 0 ||
    shape.some((size) => size !== width && size !== 1) ||
    shape.filter((size) => size === width).length > (width === 1 ? shape.length : 1)
  )
    return `the tensor ${name} [${shape.join(', ')}] is not one vector`
  if (width > MAX_WIDTH) return `the tensor ${name} has ${width} numbers, more than the ${MAX_WIDTH} that are read`
  return isFloat(dtype) ? null : `the tensor ${name} is stored as ${dtype}, and vectors are read as floating-point numbers`
}

/** The model that a file of ours names. */
export function modelIn(metadata: Readonly<Record<string, string>>): Known {
  const hash = metadata[MODEL_HASH]
  return hash === undefined ? null : { name: metadata[MODEL_NAME] ?? '', hash }
}
