/** The calls that take recipes and vectors away and bring them back, and make directions. */
import type { EngineCalls, Handlers, Parsed } from '../../shared/contract'
import { fail, WorkbenchError } from '../../shared/errors'
import type { SaeReading } from '../../shared/records/model'
import type { Recipe, RecipeSae } from '../../shared/records/steering'
import type { Model } from '../models/types'
import type { Sae } from '../saes/types'
import { exportRecipe, importRecipe, meanDifference, summedVectors, type PlacedSae } from '../vectors'
import type { Opened } from './opened'

type VectorCalls = 'steering.direction' | 'steering.export' | 'steering.import'

/** Handlers over the opened models; `version` is the workbench's, for the files it writes. */
export function createVectorHandlers(opened: Opened, version: string): Pick<Handlers<EngineCalls>, VectorCalls> {
  return {
    'steering.direction': ({ model, device, ...request }, task) =>
      opened.sessions(model, device, (sessions) => meanDifference(sessions, request, task)),
    'steering.export': (input) =>
      opened.model(input.model, async (model) => {
        const own = input.sae === null ? null : await benchSae(opened, { ...input, sae: input.sae })
        const { recipe, format, path } = input
        return exportRecipe(path, format, {
          recipe,
          sae: own?.known ?? null,
          model: { name: model.name, path: input.model, hash: model.hash, type: typeOf(model) },
          workbench: version,
          vectors: () => summedVectors(recipe, model, (hash) => placed(opened, recipe, own, hash))
        })
      }),
    'steering.import': ({ path, model, hook }) => opened.model(model, (found) => importRecipe(path, found, hook))
  }
}

/** The bench's own SAE, as a recipe would name it. */
interface Own {
  readonly sae: Sae
  readonly known: RecipeSae
}

async function benchSae(
  opened: Opened,
  { sae: path, hook, reading = {} }: Parsed<EngineCalls['steering.export']> & { sae: string; reading?: SaeReading | undefined }
): Promise<Own> {
  const sae = await opened.sae(path, reading, (found) => found)
  return { sae, known: { name: sae.name, path, hash: sae.hash, hook, reading } }
}

/** The SAE that an edit names by its hash, and where it is used. @throws RECIPE_SAE_MISSING, SAE_HOOK_MISSING */
async function placed(opened: Opened, recipe: Recipe, own: Own | null, hash: string | undefined): Promise<PlacedSae> {
  const missing = (sae: string): never => fail('RECIPE_SAE_MISSING', { recipe: recipe.name, sae })
  if (hash === undefined || hash === own?.known.hash)
    return own === null ? missing('it names none, and none is open') : at(own.sae, own.known.hook)
  const known = recipe.saes?.find((sae) => sae.hash === hash) ?? missing(`none of its SAEs has the hash ${hash}`)
  const sae = await opened.sae(known.path, known.reading, (found) => found).catch((error: unknown) => notThere(error, known, missing))
  return sae.hash === known.hash ? at(sae, known.hook) : missing(`${known.path} is not ${known.name} (${known.hash}) but ${sae.hash}`)
}

function at(sae: Sae, asked: string | null): PlacedSae {
  return { sae, hook: asked ?? sae.hookOut ?? sae.hook ?? fail('SAE_HOOK_MISSING', { path: sae.path }) }
}

/** A recipe from elsewhere names folders that are not here. */
function notThere(error: unknown, { name, path, hash }: RecipeSae, missing: (sae: string) => never): never {
  if (error instanceof WorkbenchError && error.code === 'FILE_MISSING') return missing(`${name} (${hash}), last seen at ${path}`)
  throw error
}

function typeOf({ rawConfig, architecture }: Model): string {
  return typeof rawConfig.model_type === 'string' ? rawConfig.model_type : architecture.family
}
