/**
 * Edits at a hook point. With a an SAE's activations at a position, x the hook value there and y the reconstruction:
 *
 *   error kept:      x' = x + sum over SAEs of sum_i (a'_i - a_i) s r_i + adds
 *   error dropped:   x' = y + the same                                       at every position, edited or not
 *
 * r_i is the decoder row with the SAE's fixed factors, s the position's un-normalisation factor (1 unless the SAE normalises each
 * token; formats.md 2.4), so (a' - a) s r is exactly what the decoder makes of the changed activation. All SAEs read the value as it
 * comes, so their edits do not see each other. `add` is a displacement of the hook value by the raw row or direction as it is stored,
 * without s: its size does not depend on the token, unless its unit does.
 *
 * Order: activations first (set, scale, ablate and clamp of one latent in the order of the list: set 4, then scale 2, gives 8), then all
 * adds as one sum, then project and cap in the order of the list, each on the value as it then is:
 *
 *   project: x' = x + (c - 1) (x . r̂) r̂      cap: x' = x + min(0, c - x . r̂) r̂      r̂ = r / ||r||
 */
import { assert } from '../../shared/errors'
import { normOf } from '../runtime'
import type { Tensor } from '../runtime/types'
import { addedVector } from './added'
import { float32Of } from './cache'
import type { CompiledEdit, CompiledRecipe } from './compile'
import { directionOf, type Cut, type EditsAt, type EncodedPositions } from './editor'
import { actsAt } from './interventions'

/** Hook values of a batch, [batch, seq, d_out], and what SAEs read elsewhere, [batch, seq, d_in] for each of `Cut.reads`. */
export interface Hooked {
  readonly value: Tensor<Float32Array>
  readonly inputs: readonly Tensor<Float32Array>[]
  /** Whether all rows are equal, so that the SAE need read one of them only. */
  readonly shared: boolean
}

/** Where a piece of text lies: the position of its first token, the length of the prompt, and which of its tokens are special, by row. */
export interface Span {
  readonly first: number
  readonly promptLength: number
  special(row: number, offset: number): boolean
}

/** Where conditions hold: for an edit, a flag for each token of the piece. Conditions on latents are added as their hook point is reached. */
export type Gates = Map<CompiledEdit, Uint8Array>

export interface Edited {
  /** The same tensor where nothing acts here. */
  readonly value: Tensor<Float32Array>
  /** ||x' - x|| / ||x||, [batch x seq]; null where nothing acts here. */
  readonly sizes: Float32Array | null
}

/** One position of one row at which something may be written. */
interface Place {
  readonly row: number
  readonly offset: number
  /** Row-major index over [batch, seq]. */
  readonly index: number
  readonly at: EditsAt
  readonly edits: readonly CompiledEdit[]
  readonly asked: readonly CompiledEdit[]
}

/**
 * The hook values with each row of the batch edited by its recipe (null: untouched); never changes its argument. Each SAE runs once,
 * on just the positions that need it. `gates` has one entry for each row.
 */
export async function editHookValues(
  cut: Cut,
  hooked: Hooked,
  recipes: readonly (CompiledRecipe | null)[],
  span: Span,
  gates: readonly Gates[]
): Promise<Edited> {
  const [, seq = 0, width = 0] = hooked.value.dims
  const places = recipes.flatMap((recipe, row) => (recipe === null ? [] : placesOf(cut, recipe, row, seq, span)))
  if (places.length === 0) return { value: hooked.value, sizes: null }
  const encoded = await encodeAt(cut, hooked, places)
  for (const place of places) ask(place, encoded, gates[place.row], seq)
  const before = hooked.value.data
  const data = before.slice()
  const sizes = new Float32Array((hooked.value.dims[0] ?? 0) * seq)
  const sums: Sums = { last: null }
  for (const place of places) {
    const x = before.subarray(place.index * width, (place.index + 1) * width)
    const value = data.subarray(place.index * width, (place.index + 1) * width)
    const edits = place.edits.filter((edit) => edit.condition === null || gates[place.row]?.get(edit)?.[place.offset] === 1)
    applyEdits(cut, { ...place, edits }, x, value, encoded, sums)
    sizes[place.index] = changeOf(x, value)
  }
  return { value: { ...hooked.value, data }, sizes }
}

function placesOf(cut: Cut, recipe: CompiledRecipe, row: number, seq: number, { first, promptLength, special }: Span): Place[] {
  const at = cut.of(recipe)
  if (at === null) return []
  const places: Place[] = []
  for (let offset = 0; offset < seq; offset++) {
    if (recipe.recipe.editSpecial === false && special(row, offset)) continue
    const acts = ({ edit }: CompiledEdit): boolean => actsAt(edit, first + offset, promptLength)
    const [edits, asked] = [at.edits.filter(acts), at.asked.filter(acts)]
    if (edits.length + asked.length + at.replaced.length === 0) continue
    places.push({ row, offset, index: row * seq + offset, at, edits, asked })
  }
  return places
}

/** What each SAE says of a position of the batch. */
type Encoded = (key: string, index: number) => { readonly positions: EncodedPositions; readonly row: number }

async function encodeAt(cut: Cut, { value, inputs, shared }: Hooked, places: readonly Place[]): Promise<Encoded> {
  // A position that all rows share is encoded once, at its place in the first row.
  const sourceOf = (index: number): number => (shared ? index % (value.dims[1] ?? 1) : index)
  const found = new Map<string, { positions: EncodedPositions; rowOf: ReadonlyMap<number, number> }>()
  for (const [key, reader] of cut.saes) {
    const needing = [...new Set(places.filter((place) => needs(place, key)).map(({ index }) => sourceOf(index)))]
    if (needing.length === 0) continue
    const hooks = gather(value, needing)
    const input = reader.reads === null ? hooks : gather(inputs[reader.reads], needing)
    const positions = await reader.encode(input, needing.length, hooks)
    found.set(key, { positions, rowOf: new Map(needing.map((source, row) => [source, row])) })
  }
  return (key, index) => {
    const encoded = found.get(key)
    const row = encoded?.rowOf.get(sourceOf(index))
    assert(encoded && row !== undefined, 'what an edit needs has been encoded')
    return { positions: encoded.positions, row }
  }
}

/** Whether what happens at a place takes what the SAE says of it. */
function needs({ at, edits, asked }: Place, key: string): boolean {
  if (at.replaced.includes(key) || asked.some(({ condition }) => condition?.kind === 'activation' && condition.sae === key)) return true
  return edits.some(
    (edit) => edit.subject.kind === 'latent' && edit.subject.sae === key && (isOfActivation(edit) || edit.edit.unit === 'largest')
  )
}

const isOfActivation = ({ edit: { mode } }: CompiledEdit): boolean =>
  mode === 'set' || mode === 'scale' || mode === 'ablate' || mode === 'clamp'

/** Looks whether conditions on latents hold at a place. */
function ask({ index, offset, asked }: Place, encoded: Encoded, gates: Gates | undefined, seq: number): void {
  for (const edit of asked) {
    const { condition } = edit
    if (condition?.kind !== 'activation') continue
    const { positions, row } = encoded(condition.sae, index)
    const flags = gates?.get(edit) ?? new Uint8Array(seq)
    flags[offset] = holds(condition, positions.activation(row, condition.latent)) ? 1 : 0
    gates?.set(edit, flags)
  }
}

/** Whether a number lies beyond the bound of a condition. */
export function holds({ is, bound }: { readonly is: 'above' | 'below'; readonly bound: number }, number: number): boolean {
  return is === 'above' ? number > bound : number < bound
}

function applyEdits(cut: Cut, { at, edits, index }: Place, x: Float32Array, value: Float32Array, encoded: Encoded, sums: Sums): void {
  for (const key of at.replaced) {
    const { positions, row } = encoded(key, index)
    value.set(positions.reconstruction.subarray(row * x.length, (row + 1) * x.length))
  }
  changeActivations(cut, edits.filter(isOfActivation), index, value, encoded)
  const adds = edits.filter(({ edit: { mode } }) => mode === 'add')
  const constant = adds.filter(({ edit: { unit } }) => unit !== 'residual' && unit !== 'largest')
  if (constant.length > 0) addScaled(value, sumOf(cut, constant, x.length, sums), 1)
  for (const edit of adds) {
    const { unit, coefficient } = edit.edit
    const r = directionOf(edit, cut)
    if (unit === 'residual') addScaled(value, r, over(coefficient * normOf(x), normOf(r)))
    if (unit === 'largest' && edit.subject.kind === 'latent') {
      const { positions, row } = encoded(edit.subject.sae, index)
      addScaled(value, r, coefficient * positions.largest(row))
    }
  }
  for (const edit of edits) boundProjection(edit, directionOf(edit, cut), x, value)
}

/** Adds (a' - a) s r for each latent whose activation is edited, its edits taken in order. */
function changeActivations(cut: Cut, edits: readonly CompiledEdit[], index: number, value: Float32Array, encoded: Encoded): void {
  const changed = new Map<string, { sae: string; latent: number; after: number }>()
  for (const { edit, subject } of edits) {
    if (subject.kind !== 'latent') continue
    const { sae, latent } = subject
    const { positions, row } = encoded(sae, index)
    const name = `${sae} ${latent}`
    const before = changed.get(name)?.after ?? positions.activation(row, latent)
    const one =
      edit.unit === 'largest' ? positions.largest(row) : edit.unit === 'max' || edit.unit === 'typical' ? (edit.unitValue ?? 1) : 1
    changed.set(name, { sae, latent, after: activationAfter(edit, before, one) })
  }
  for (const { sae, latent, after } of changed.values()) {
    const { positions, row } = encoded(sae, index)
    const decoded = cut.saes.get(sae)?.directions.decoded.get(latent)
    assert(decoded, 'the decoder row of every edited latent is at hand')
    addScaled(value, decoded, (after - positions.activation(row, latent)) * (positions.tokenScale[row] ?? 1))
  }
}

function activationAfter({ mode, coefficient, upper = Infinity }: CompiledEdit['edit'], before: number, one: number): number {
  if (mode === 'set') return coefficient * one
  if (mode === 'clamp') return Math.min(upper * one, Math.max(coefficient * one, before))
  return mode === 'scale' ? before * coefficient : 0
}

/** The sum last made, which the next position most often needs again. */
interface Sums {
  last: { readonly adds: readonly CompiledEdit[]; readonly sum: Float32Array } | null
}

/** The sum of adds that do not look at the text. */
function sumOf(cut: Cut, adds: readonly CompiledEdit[], width: number, sums: Sums): Float32Array {
  const { last } = sums
  if (last && last.adds.length === adds.length && last.adds.every((edit, i) => edit === adds[i])) return last.sum
  const sum = addedVector(
    adds.map((edit) => ({ edit: edit.edit, direction: directionOf(edit, cut) })),
    width
  )
  sums.last = { adds, sum }
  return sum
}

function boundProjection({ edit: { mode, coefficient, unit } }: CompiledEdit, r: Float32Array, x: Float32Array, value: Float32Array): void {
  if (mode !== 'project' && mode !== 'cap') return
  const norm = normOf(r)
  if (norm === 0) return
  let along = 0
  for (let i = 0; i < value.length; i++) along += (value[i] ?? 0) * (r[i] ?? 0)
  along /= norm
  const limit = unit === 'residual' ? coefficient * normOf(x) : coefficient
  addScaled(value, r, (mode === 'project' ? (coefficient - 1) * along : Math.min(0, limit - along)) / norm)
}

/** The rows at some indices over [batch, seq], as [n, width]. */
function gather(input: Tensor<Float32Array> | undefined, indices: readonly number[]): Float32Array {
  const width = input?.dims[2] ?? 0
  const source = float32Of(input)
  const data = new Float32Array(indices.length * width)
  indices.forEach((index, row) => data.set(source.subarray(index * width, (index + 1) * width), row * width))
  return data
}

function addScaled(value: Float32Array, direction: Float32Array, factor: number): void {
  assert(direction.length === value.length, 'a direction is as wide as its hook point')
  if (factor === 0) return
  for (let index = 0; index < value.length; index++) value[index] = (value[index] ?? 0) + factor * (direction[index] ?? 0)
}

const over = (a: number, b: number): number => (b === 0 ? 0 : a / b)

/** ||after - before|| / ||before||; of a zero vector the length of the change itself. */
function changeOf(before: Float32Array, after: Float32Array): number {
  let sum = 0
  for (let i = 0; i < before.length; i++) sum += ((after[i] ?? 0) - (before[i] ?? 0)) ** 2
  return Math.sqrt(sum) / (normOf(before) || 1)
}
