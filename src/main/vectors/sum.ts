/** The vectors of a recipe: for each block, what its edits add to the block's output whatever the text is. */
import { assert, fail } from '../../shared/errors'
import type { Intervention, Recipe } from '../../shared/records/steering'
import { canonicalHook, checkHook, widthOf } from '../models'
import type { Model } from '../models/types'
import { readDirections } from '../saes'
import type { Sae } from '../saes/types'
import { addedVector, whyNotConstant } from '../steering/added'
import { vectorOf } from '../steering/vector-text'
import type { LayerVector } from './types'

/** An SAE and where it is used. */
export interface PlacedSae {
  readonly sae: Sae
  readonly hook: string
}

/**
 * The summed vectors of a recipe, by layer. `saeOf` opens an SAE by its hash, or the bench's own. Sums are the engine's own
 * (steering/added.ts), so each vector has the bits that steering with the recipe adds.
 * @throws VECTOR_REFUSED (names the edit and says why), HOOK_UNKNOWN, DIRECTION_INVALID, LATENT_UNKNOWN, and what `saeOf` throws
 */
export async function summedVectors(
  recipe: Recipe,
  model: Model,
  saeOf: (hash: string | undefined) => Promise<PlacedSae>
): Promise<LayerVector[]> {
  refuseWhole(recipe)
  const places = new Map<number, { edit: Intervention; direction: Float32Array }[]>()
  for (const edit of recipe.interventions) {
    const reason = whyNotConstant(edit) ?? whyNotEverywhere(edit)
    if (reason !== null) refuse(recipe, nameOf(edit, recipe), reason)
    const { hook, direction } =
      edit.direction === undefined ? await ofLatent(edit, model, saeOf) : ofDirection(edit.direction, recipe, model)
    const layer = layerAfter(checkHook(model, hook))
    if (layer === null)
      return refuse(recipe, nameOf(edit, recipe), `acts at ${hook}, and vectors are added to the outputs of blocks (hook_resid_post)`)
    places.set(layer, [...(places.get(layer) ?? []), { edit, direction }])
  }
  const layers = [...places].sort(([a], [b]) => a - b)
  return layers.map(([layer, edits]) => ({ layer, vector: addedVector(edits, model.config.d_model) }))
}

/** What of a recipe no vector can say, apart from its edits. */
function refuseWhole(recipe: Recipe): void {
  if (recipe.interventions.length === 0) refuse(recipe, 'it', 'has no edit')
  if (!recipe.keepError) refuse(recipe, 'it', "drops the SAE's error term, which depends on the text")
  if (recipe.freezeAttention === true) refuse(recipe, 'it', 'freezes the attention patterns')
}

function whyNotEverywhere({ positions }: Intervention): string | null {
  return positions === 'all' ? null : `acts at the positions "${positions}", and a vector is added at all`
}

async function ofLatent(
  { sae: hash, latent }: Intervention,
  model: Model,
  saeOf: (hash: string | undefined) => Promise<PlacedSae>
): Promise<{ hook: string; direction: Float32Array }> {
  const { sae, hook } = await saeOf(hash)
  const direction = (await readDirections(sae, [latent])).raw.get(latent)
  assert(direction, 'the decoder row that was asked for is there')
  const d_model = widthOf(model.config, checkHook(model, hook))
  if (sae.d_out !== d_model) fail('SAE_MODEL_MISMATCH', { sae: sae.name, d_in: sae.d_out, hook, model: model.name, d_model })
  return { hook, direction }
}

function ofDirection(id: string, recipe: Recipe, model: Model): { hook: string; direction: Float32Array } {
  const found = recipe.directions?.find((direction) => direction.id === id)
  if (!found) return fail('DIRECTION_INVALID', { name: id, reason: `the recipe "${recipe.name}" has no direction of that id` })
  return { hook: found.hook, direction: vectorOf(found, widthOf(model.config, checkHook(model, found.hook))) }
}

/** The block whose output a hook point is; null for every other place. */
export function layerAfter(hook: string): number | null {
  const found = /^blocks\.(\d+)\.hook_resid_post$/.exec(canonicalHook(hook))?.[1]
  return found === undefined ? null : Number(found)
}

function nameOf({ latent, direction, mode, coefficient }: Intervention, { directions }: Recipe): string {
  const what =
    direction === undefined ? `latent ${latent}` : `direction "${directions?.find(({ id }) => id === direction)?.name ?? direction}"`
  return `its edit of ${what} (${mode} ${coefficient})`
}

function refuse({ name }: Recipe, edit: string, reason: string): never {
  return fail('VECTOR_REFUSED', { recipe: name, edit, reason })
}
