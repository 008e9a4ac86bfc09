/**
 * A recipe as it is: every edit, mode, unit and condition, with the names and hashes of the model and the SAEs it was made with.
 *
 *   { "format": "gradsae recipe", "version": 1, "workbench": "1.2.0", "model": { "name", "path", "hash" },
 *     "sae": the SAE that edits mean where they name none, or null, "recipe": see shared/records/steering.ts }
 *
 * A key that is not known is refused: it could say what the edits mean. Files of later versions are refused for the same reason.
 */
import { z } from 'zod'
import { fail } from '../../../shared/errors'
import { Recipe, RecipeSae } from '../../../shared/records/steering'
import { isObject, readJsonObject } from '../../tensors/json'
import { writeWhole } from '../../tensors/whole-file'
import type { Content, Found, FormatSpec } from '../types'

const FORMAT = 'gradsae recipe'
const VERSION = 1

/** More than anyone writes; every edit is applied at every position. */
const MAX_EDITS = 1024

const RecipeFile = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  workbench: z.string(),
  model: z.object({ name: z.string(), path: z.string(), hash: z.string() }),
  sae: RecipeSae.nullable(),
  recipe: Recipe
})

export const json: FormatSpec = {
  format: 'json',
  title: 'a recipe (.json)',
  matches: (start) => /^\uFEFF?\s*\{/.test(start.toString('utf8')),
  read,
  async write(path, { recipe, sae, model, workbench }: Content) {
    const file = {
      format: FORMAT,
      version: VERSION,
      workbench,
      model: { name: model.name, path: model.path, hash: model.hash },
      sae,
      recipe
    }
    await writeWhole(path, [`${JSON.stringify(file, null, 2)}\n`])
    return []
  }
}

async function read(path: string): Promise<Found> {
  const raw = await readJsonObject(path)
  const refuse = (reason: string): never => fail('RECIPE_FILE_INVALID', { path, reason })
  if (raw.format !== FORMAT) return refuse(`it does not say "format": "${FORMAT}"`)
  if (typeof raw.version === 'number' && raw.version > VERSION)
    return refuse(`it has version ${raw.version}, and this version of the workbench reads ${VERSION}`)
  const parsed = RecipeFile.safeParse(raw)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return refuse(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not as it should be'}`)
  }
  const extra = unknownKey(raw, parsed.data, '')
  if (extra !== null) return refuse(`"${extra}" is not known`)
  const { recipe, sae, model } = parsed.data
  for (const [what, count] of [
    ['edits', recipe.interventions.length],
    ['SAEs', recipe.saes?.length ?? 0],
    ['directions', recipe.directions?.length ?? 0]
  ] as const)
    if (count > MAX_EDITS) refuse(`it has ${count} ${what}, more than the ${MAX_EDITS} that are read`)
  return { kind: 'recipe', recipe, sae, model, notes: [] }
}

/** The first key of `raw` that parsing has left out, as a path; null where nothing is lost. */
function unknownKey(raw: unknown, parsed: unknown, path: string): string | null {
  if (Array.isArray(raw) && Array.isArray(parsed)) {
    for (const [index, item] of raw.entries()) {
      const found = unknownKey(item, parsed[index], `${path}[${index}]`)
      if (found !== null) return found
    }
    return null
  }
  if (!isObject(raw) || !isObject(parsed)) return null
  for (const [key, value] of Object.entries(raw)) {
    const at = path === '' ? key : `${path}.${key}`
    if (!Object.hasOwn(parsed, key)) return at
    const found = unknownKey(value, parsed[key], at)
    if (found !== null) return found
  }
  return null
}
