/** Files to recipes: one that was written as such, or a new one that adds the vectors of the file. */
import { randomUUID } from 'node:crypto'
import { basename, extname } from 'node:path'
import { fail } from '../../shared/errors'
import type { Direction, EditCondition, Intervention, Recipe, RecipeSae } from '../../shared/records/steering'
import { checkHook, widthOf } from '../models'
import type { Model } from '../models/types'
import { vectorOf, vectorToText } from '../steering/vector-text'
import { withFile } from '../tensors/bytes'
import { checkFile } from '../tensors/files'
import { FORMATS } from './formats'
import type { Found, FoundVector, Known } from './types'

/** What the start of a file is looked at for: white space may come before the bracket of JSON. */
const START = 64

/**
 * Reads a recipe for a model. `hook` is where vectors belong whose file does not say it.
 * Edits of a recipe that mean the SAE of the bench it was made on name it afterwards, so that they mean the same on every bench.
 * @throws FILE_MISSING, FILE_UNREADABLE, VECTOR_FILE_UNKNOWN, VECTOR_HOOK_NEEDED, VECTORS_INVALID, VECTORS_UNFIT, RECIPE_FILE_INVALID,
 * DIRECTION_INVALID, HOOK_UNKNOWN, and the containers' codes
 */
export async function importRecipe(path: string, model: Model, hook: string | null): Promise<{ recipe: Recipe; notes: string[] }> {
  const found = await readAny(path)
  const notes = [...found.notes, ...foreign(found.model, model)]
  if (found.kind === 'vectors') return { recipe: recipeOf(found, path, model, hook), notes }
  for (const direction of found.recipe.directions ?? []) vectorOf(direction, widthOf(model.config, checkHook(model, direction.hook)))
  return { recipe: { ...withNamedSae(found.recipe, found.sae), id: randomUUID() }, notes }
}

/** The folder of the model that a file says it was made with; null where it does not. @throws as `importRecipe` does for the file alone */
export async function modelFolderOf(path: string): Promise<string | null> {
  return (await readAny(path)).model?.path ?? null
}

async function readAny(path: string): Promise<Found> {
  await checkFile(path)
  const start = await withFile(path, async (handle) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0)
    return buffer.subarray(0, bytesRead)
  })
  const spec = FORMATS.find(({ matches }) => matches(start))
  return spec ? spec.read(path) : fail('VECTOR_FILE_UNKNOWN', { path, supported: FORMATS.map(({ title }) => title).join(', ') })
}

function foreign(known: Known, { name, hash }: Model): string[] {
  if (known === null || known.hash === hash) return []
  return [`It was made with other files of a model (${known.name}, ${known.hash.slice(0, 15)}…) than ${name}.`]
}

/** The recipe with the SAE that its edits and conditions mean without naming it among its own. */
function withNamedSae(recipe: Recipe, sae: RecipeSae | null): Recipe {
  if (sae === null || !recipe.interventions.some((edit) => editMeans(edit) || conditionMeans(edit))) return recipe
  const interventions = recipe.interventions.map((edit) => ({
    ...edit,
    ...(editMeans(edit) ? { sae: sae.hash } : {}),
    ...(conditionMeans(edit) ? { condition: { ...edit.condition, sae: sae.hash } } : {})
  }))
  const saes = recipe.saes ?? []
  return { ...recipe, interventions, saes: saes.some(({ hash }) => hash === sae.hash) ? saes : [...saes, sae] }
}

const editMeans = ({ direction, sae }: Intervention): boolean => direction === undefined && sae === undefined

function conditionMeans(edit: Intervention): edit is Intervention & { condition: Extract<EditCondition, { kind: 'activation' }> } {
  return edit.condition?.kind === 'activation' && edit.condition.sae === undefined
}

/** A recipe that adds each vector once at its hook point, at every position. */
function recipeOf(found: Found & { kind: 'vectors' }, path: string, model: Model, asked: string | null): Recipe {
  const file = basename(path)
  const directions = found.vectors.map((one): Direction => {
    const hook = placeOf(one, path, model, asked)
    return { id: randomUUID(), name: one.name, hook, vector: vectorToText(one.vector), origin: `${one.name} of ${file}` }
  })
  return {
    id: randomUUID(),
    name: found.name ?? basename(path, extname(path)),
    interventions: directions.map(({ id }) => ({ direction: id, latent: 0, mode: 'add', coefficient: 1, unit: 'row', positions: 'all' })),
    keepError: true,
    directions,
    ...(found.editSpecial ? {} : { editSpecial: false })
  }
}

/** The hook point of a vector, which the model has and which is as wide. */
function placeOf({ name, hook: own, vector }: FoundVector, path: string, model: Model, asked: string | null): string {
  const hook = own ?? asked
  if (hook === null) return fail('VECTOR_HOOK_NEEDED', { path, name })
  const points = model.architecture.hookPoints(model.config, model.rawConfig)
  const unfit = (reason: string): never => fail('VECTORS_UNFIT', { path, model: model.name, reason })
  if (own !== null && !points.includes(own)) return unfit(`${name} belongs at ${own}, and the model has ${model.config.n_layers} blocks`)
  const width = widthOf(model.config, checkHook(model, hook))
  return vector.length === width ? hook : unfit(`${name} has ${vector.length} numbers, and ${hook} has ${width}`)
}
