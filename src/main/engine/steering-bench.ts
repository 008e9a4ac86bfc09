/** A bench for steering: the model, its SAE, and every further SAE that recipes name, open until the work is done. */
import { fail, WorkbenchError } from '../../shared/errors'
import type { Device, SaeReading } from '../../shared/records/model'
import type { Recipe, RecipeSae } from '../../shared/records/steering'
import type { SteeringSae } from '../steering/compile'
import type { SteeringBench } from '../steering/compare'
import type { Opened } from './opened'

export interface SteeringNames {
  readonly model: string
  readonly sae: string | null
  readonly hook: string | null
  readonly reading?: SaeReading | undefined
  readonly device: Device
}

/**
 * Further SAEs are opened from where the recipes say they lie, and must be the ones they say.
 * @throws RECIPE_SAE_MISSING, and what opening a model or an SAE throws
 */
export function withSteering<R>(
  opened: Opened,
  names: SteeringNames,
  recipes: readonly Recipe[],
  versions: Readonly<Record<string, string>>,
  work: (bench: SteeringBench) => Promise<R>
): Promise<R> {
  const { sae, model, device } = names
  if (sae !== null)
    return opened.bench({ ...names, sae }, ({ sessions, encoder, hook, reads }) => {
      const own = { encoder, hook, reads }
      return withOthers(opened, names, recipes, new Map([[encoder.sae.hash, own]]), (others) =>
        work({ sessions, sae: own, others, versions })
      )
    })
  return opened.sessions(model, device, (sessions) =>
    withOthers(opened, names, recipes, new Map(), (others) => work({ sessions, sae: null, others, versions }))
  )
}

/** Opens the SAEs that are not open yet, one inside the other, so that none is closed before the work is done. */
async function withOthers<R>(
  opened: Opened,
  names: SteeringNames,
  recipes: readonly Recipe[],
  found: ReadonlyMap<string, SteeringSae>,
  work: (others: ReadonlyMap<string, SteeringSae>) => Promise<R>
): Promise<R> {
  const next = recipes.flatMap((recipe) => namedBy(recipe).map((sae) => ({ recipe, sae }))).find(({ sae }) => !found.has(sae.hash))
  if (next === undefined) return work(found)
  const { recipe, sae } = next
  const missing = (reason: string): never => fail('RECIPE_SAE_MISSING', { recipe: recipe.name, sae: reason })
  // A file that is not there is the recipe's matter; that one is there already says that it can be read.
  await opened
    .sae(sae.path, sae.reading, ({ hash }) => {
      if (hash !== sae.hash) missing(`${sae.path} is not ${sae.name} (${sae.hash}) but ${hash}`)
    })
    .catch((error: unknown) => {
      if (error instanceof WorkbenchError && error.code === 'FILE_MISSING') missing(`${sae.name} is not at ${sae.path}`)
      throw error
    })
  const bench = { model: names.model, sae: sae.path, hook: sae.hook, reading: sae.reading, device: names.device }
  return opened.bench(bench, ({ encoder, hook, reads }) =>
    withOthers(opened, names, recipes, new Map([...found, [sae.hash, { encoder, hook, reads }]]), work)
  )
}

/** The SAEs of a recipe that some edit or condition really names. */
function namedBy({ saes = [], interventions }: Recipe): RecipeSae[] {
  const hashes = interventions.flatMap(({ sae, condition }) => [sae, condition?.kind === 'activation' ? condition.sae : undefined])
  return saes.filter(({ hash }) => hashes.includes(hash))
}
