/**
 * Edits at the hook point. With a the SAE's activations at a position, x the hook value there and y the reconstruction:
 *
 *   error kept:      x' = x + sum_i (a'_i - a_i) s r_i + sum_add c W_dec[i]
 *   error dropped:   x' = y + sum_i (a'_i - a_i) s r_i + sum_add c W_dec[i]        at every position, edited or not
 *
 * r_i is the decoder row with the SAE's fixed factors, s the position's un-normalisation factor (1 unless the SAE normalises each
 * token; formats.md 2.4), so (a' - a) s r is exactly what the decoder makes of the changed activation. `add` is a displacement of
 * the hook value by the raw row as it is stored, without s: its size does not depend on the token.
 *
 * Several edits of one latent: set, scale and ablate act on the activation in the order of the list (set 4, then scale 2, gives 8);
 * `add` never touches the activation, so its place in the list makes no difference.
 */
import { assert } from '../../shared/errors'
import type { Intervention, Recipe } from '../../shared/records/steering'
import type { Tensor } from '../runtime/types'
import { float32Of } from './cache'
import { actsAt } from './interventions'

/** What the SAE says of n positions. */
export interface EncodedPositions {
  /** Activation of `latent` at row `row`; 0 where it is not active. */
  activation(row: number, latent: number): number
  /** Un-normalisation factor of each row, [n]. */
  readonly tokenScale: Float32Array
  /** [n, d_out], row-major. */
  readonly reconstruction: Float32Array
}

/** Hook values of a batch, [batch, seq, d_out], and what the SAE reads there, [batch, seq, d_in]: the same but for transcoders. */
export interface Hooked {
  readonly value: Tensor<Float32Array>
  readonly input: Tensor<Float32Array>
  /** Whether all rows are equal, so that the SAE need read one of them only. */
  readonly shared: boolean
}

/** Decoder rows of the latents that recipes name, each [d_out]. */
export interface Directions {
  /** W_dec[latent] as stored. */
  readonly raw: ReadonlyMap<number, Float32Array>
  /** What one unit of activation adds to the reconstruction, before the position's own factor. */
  readonly decoded: ReadonlyMap<number, Float32Array>
}

/**
 * The SAE at hand: how to encode what it reads at n positions, [n, d_in], where the hook values are [n, d_out], and the rows of the
 * latents in use.
 */
export interface HookEditor {
  encode(input: Tensor<Float32Array>, value: Tensor<Float32Array>): Promise<EncodedPositions>
  readonly directions: Directions
}

/** Where a piece of text lies: the position of its first token, and the length of the prompt. */
export interface Span {
  readonly first: number
  readonly promptLength: number
}

/**
 * The hook values with each row of the batch edited by its recipe (null: untouched). Returns the same
 * tensor when no edit acts here; never changes its argument. The SAE runs once, on just the positions that need it.
 */
export async function editHookValues(
  { value: before, input, shared }: Hooked,
  recipes: readonly (Recipe | null)[],
  span: Span,
  editor: HookEditor | null
): Promise<Tensor<Float32Array>> {
  const places = recipes.flatMap((recipe, row) => (recipe === null ? [] : placesOf(recipe, row, before.dims[1] ?? 0, span)))
  if (places.length === 0) return before
  assert(editor, 'recipes are only run with an SAE')
  const width = before.dims[2] ?? 0
  // A position that all rows share is encoded once, at its place in the first row.
  const sourceOf = ({ index }: Place): number => (shared ? index % (before.dims[1] ?? 1) : index)
  const needing = [...new Set(places.filter(({ needsSae }) => needsSae).map(sourceOf))]
  const encoded = needing.length === 0 ? null : await editor.encode(gather(input, needing), gather(before, needing))
  const rowOf = new Map(needing.map((source, row) => [source, row]))
  const data = Float32Array.from(before.data)
  for (const place of places) {
    const value = data.subarray(place.index * width, (place.index + 1) * width)
    const saeRow = place.needsSae ? rowOf.get(sourceOf(place)) : undefined
    if (encoded !== null && saeRow !== undefined) {
      if (!place.keepError) value.set(encoded.reconstruction.subarray(saeRow * width, (saeRow + 1) * width))
      changeActivations(value, place.edits, encoded, saeRow, editor.directions)
    }
    addDirections(value, place.edits, editor.directions)
  }
  return { ...before, data }
}

/** One position of one row at which something is written. */
interface Place {
  /** Row-major index over [batch, seq]. */
  readonly index: number
  readonly edits: readonly Intervention[]
  readonly keepError: boolean
  readonly needsSae: boolean
}

function placesOf(recipe: Recipe, row: number, length: number, { first, promptLength }: Span): Place[] {
  const places: Place[] = []
  for (let offset = 0; offset < length; offset++) {
    const edits = recipe.interventions.filter((edit) => actsAt(edit, first + offset, promptLength))
    if (edits.length === 0 && recipe.keepError) continue
    const needsSae = !recipe.keepError || edits.some(({ mode }) => mode !== 'add')
    places.push({ index: row * length + offset, edits, keepError: recipe.keepError, needsSae })
  }
  return places
}

/** The rows at some indices over [batch, seq], as [n, width]. */
function gather(input: Tensor<Float32Array>, indices: readonly number[]): Tensor<Float32Array> {
  const width = input.dims[2] ?? 0
  const data = new Float32Array(indices.length * width)
  indices.forEach((index, row) => data.set(float32Of(input).subarray(index * width, (index + 1) * width), row * width))
  return { type: 'float32', dims: [indices.length, width], data }
}

/** Adds (a' - a) s r for each latent whose activation is edited, its edits taken in order. */
function changeActivations(
  value: Float32Array,
  edits: readonly Intervention[],
  encoded: EncodedPositions,
  row: number,
  directions: Directions
): void {
  const edited = new Map<number, number>()
  for (const { latent, mode, coefficient } of edits) {
    if (mode === 'add') continue
    const before = edited.get(latent) ?? encoded.activation(row, latent)
    edited.set(latent, mode === 'set' ? coefficient : mode === 'scale' ? before * coefficient : 0)
  }
  for (const [latent, after] of edited) {
    addScaled(value, directions.decoded.get(latent), (after - encoded.activation(row, latent)) * (encoded.tokenScale[row] ?? 1))
  }
}

function addDirections(value: Float32Array, edits: readonly Intervention[], directions: Directions): void {
  for (const { latent, mode, coefficient } of edits) {
    if (mode === 'add') addScaled(value, directions.raw.get(latent), coefficient)
  }
}

function addScaled(value: Float32Array, direction: Float32Array | undefined, factor: number): void {
  assert(direction?.length === value.length, 'the decoder row of every edited latent is at hand')
  if (factor === 0) return
  for (let index = 0; index < value.length; index++) value[index] = (value[index] ?? 0) + factor * (direction[index] ?? 0)
}
