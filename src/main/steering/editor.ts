/** What happens at one hook point: the SAEs that read there, the edits of each recipe, and the directions they act along. */
import { assert } from '../../shared/errors'
import { canonicalHook } from '../models'
import { activationOf, decode, readDirections, type ActiveLatents, type Directions, type Encoder } from '../saes'
import type { CompiledEdit, CompiledRecipe, SteeringSaes } from './compile'
import { saeOf } from './compile'

/** What an SAE says of n positions. */
export interface EncodedPositions {
  /** Activation of `latent` at row `row`; 0 where it is not active. */
  activation(row: number, latent: number): number
  /** The largest activation over all latents at row `row`. */
  largest(row: number): number
  /** Un-normalisation factor of each row, [n]. */
  readonly tokenScale: Float32Array
  /** [n, d_out], row-major. */
  readonly reconstruction: Float32Array
}

/** An SAE at a cut. */
export interface Reader {
  /** Of `Cut.reads`, which one this SAE reads; null: the hook value itself. */
  readonly reads: number | null
  /** What it reads at n positions, [n, d_in], where the hook values are [n, d_out]. */
  encode(input: Float32Array, n: number, value: Float32Array): Promise<EncodedPositions>
  /** Decoder rows of the latents that recipes name, each [d_out]: as stored, and what one unit of activation adds. */
  readonly directions: Directions
}

/** What one recipe does at a cut. */
export interface EditsAt {
  readonly edits: readonly CompiledEdit[]
  /** SAEs here whose reconstruction is written without the error. */
  readonly replaced: readonly string[]
  /** Edits, here or later, whose condition is read here. */
  readonly asked: readonly CompiledEdit[]
}

/** A hook point at which the model is cut. */
export interface Cut {
  readonly hook: string
  /** Places besides the hook point that some SAE reads. */
  readonly reads: readonly string[]
  /** By key. */
  readonly saes: ReadonlyMap<string, Reader>
  /** What a recipe does here; null where it does nothing. */
  of(recipe: CompiledRecipe): EditsAt | null
}

/** Reads the decoder rows of every latent that a recipe edits at `hook`. SAEs here that are `encoded` have a reader without any. */
export async function createCut(
  hook: string,
  saes: SteeringSaes,
  recipes: readonly (CompiledRecipe | null)[],
  encoded: readonly string[] = []
): Promise<Cut> {
  const place = canonicalHook(hook)
  const here = (key: string): boolean => canonicalHook(saeOf(saes, key).hook) === place
  const at = new Map<CompiledRecipe, EditsAt>()
  for (const recipe of recipes) {
    if (recipe === null) continue
    const edits = recipe.edits.filter((edit) => canonicalHook(edit.hook) === place)
    const replaced = recipe.replaced.filter(here)
    const asked = recipe.edits.filter(({ condition }) => condition?.kind === 'activation' && here(condition.sae))
    if (edits.length + replaced.length + asked.length > 0) at.set(recipe, { edits, replaced, asked })
  }
  const keys = [...new Set([...[...at.values()].flatMap(keysOf), ...encoded.filter(here)])]
  const reads = [...new Set(keys.map((key) => saeOf(saes, key).reads).filter((read) => canonicalHook(read) !== place))]
  const readers = new Map<string, Reader>()
  for (const key of keys) {
    const { encoder, reads: read } = saeOf(saes, key)
    const latents = [...at.values()].flatMap(({ edits }) =>
      edits.flatMap(({ subject }) => (subject.kind === 'latent' && subject.sae === key ? [subject.latent] : []))
    )
    const index = reads.indexOf(read)
    readers.set(key, await createReader(encoder, index < 0 ? null : index, latents))
  }
  return { hook, reads, saes: readers, of: (recipe) => at.get(recipe) ?? null }
}

function keysOf({ edits, replaced, asked }: EditsAt): string[] {
  const latents = edits.flatMap(({ subject }) => (subject.kind === 'latent' ? [subject.sae] : []))
  return [...replaced, ...latents, ...asked.flatMap(({ condition }) => (condition?.kind === 'activation' ? [condition.sae] : []))]
}

async function createReader(encoder: Encoder, reads: number | null, latents: readonly number[]): Promise<Reader> {
  return {
    reads,
    directions: await readDirections(encoder.sae, latents),
    async encode(input, n, value) {
      const active = await encoder.encode(input, n, value)
      // The runtime sums over the latents that are active at any of the n positions, so its reconstruction of one depends on the others in its
      // last bits, and the text of a column on its neighbours. This one does not.
      let reconstruction: Float32Array | null = null
      return {
        tokenScale: active.tokenScale,
        get reconstruction() {
          return (reconstruction ??= decode(active, active.Z))
        },
        activation: (row, latent) => activationOf(active, row, latent),
        largest: (row) => largestOf(active, row)
      }
    }
  }
}

function largestOf({ Z, latents }: ActiveLatents, row: number): number {
  let largest = 0
  for (let u = 0; u < latents.length; u++) largest = Math.max(largest, Z[row * latents.length + u] ?? 0)
  return largest
}

/** The direction that an edit acts along, as stored, [d_out]. */
export function directionOf({ subject }: CompiledEdit, cut: Cut): Float32Array {
  if (subject.kind === 'direction') return subject.vector
  const row = cut.saes.get(subject.sae)?.directions.raw.get(subject.latent)
  assert(row, 'the decoder row of every edited latent is at hand')
  return row
}
