import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { SaeInfo, SaeReading } from '../../shared/records/model'
import type { Recipe, RecipeSae } from '../../shared/records/steering'
import { fitOf } from '../utils/fits'
import { needsBench, withSaeNamed } from '../utils/recipes'
import { useLibrary } from './library'
import { useRecipes } from './recipes'

/** An SAE where a recipe uses it. */
export interface SaeAt {
  readonly name: string
  readonly path: string
  readonly hash: string
  readonly hook: string | null
  readonly reading: SaeReading
  /** Number of its latents; 0 where its files are not in the library. */
  readonly d_sae: number
  /** True for the SAE that the bench is opened with, which recipes do not name. */
  readonly isBench: boolean
}

/** Why a recipe cannot stand on this bench, and which ways there are to have it there. */
export interface Apart {
  readonly reason: string
  /** The recipe with its SAE named, which can stand beside the others. */
  readonly named: Recipe | null
  /** The SAE to open the bench with instead. */
  readonly bench: SaeInfo | null
}

/** Which SAEs recipes mean: the bench's where they name none, else one of their own, found in the library by its hash. */
export const useRecipeSaes = defineStore('recipe-saes', () => {
  const library = useLibrary()
  const recipes = useRecipes()

  const bench = computed<SaeAt | null>(() => (library.sae ? placed(library.sae, true) : null))
  /** SAEs of the library, besides the bench's, that fit the model and whose hook point is known. */
  const others = computed<readonly SaeAt[]>(() =>
    library.fitting
      .filter(({ path, hash }) => path !== library.sae?.path && hash !== library.sae?.hash && hookKnown(path))
      .map((sae) => placed(sae, false))
  )

  function placed(sae: SaeInfo, isBench: boolean): SaeAt {
    const { name, path, hash, d_sae } = sae
    return { name, path, hash, hook: library.hookOf(sae), reading: library.readingOf(path), d_sae, isBench }
  }

  const hookKnown = (path: string): boolean => library.fitting.some((sae) => sae.path === path && library.hookOf(sae) !== null)

  /** The SAE that an edit of the recipe means; null where there is none on the bench, or the recipe does not say more than its hash. */
  function of(recipe: Recipe, hash: string | undefined): SaeAt | null {
    if (hash === undefined) return bench.value
    const own = recipe.saes?.find((each) => each.hash === hash)
    const known = library.saes.find((each) => each.hash === hash)
    if (own) return { ...own, path: known?.path ?? own.path, d_sae: known?.d_sae ?? 0, isBench: false }
    return others.value.find((each) => each.hash === hash) ?? null
  }

  /** An SAE of the library at a hook point, whichever; what measures the residual stream there. */
  const at = (hook: string): SaeAt | null =>
    [...(bench.value ? [bench.value] : []), ...others.value].find((each) => each.hook === hook) ?? null

  const recordOf = ({ name, path, hash, hook, reading }: Pick<SaeAt, 'name' | 'path' | 'hash' | 'hook' | 'reading'>): RecipeSae => ({
    name,
    path,
    hash,
    hook,
    reading
  })

  /** The recipe with that SAE among its own, unless the bench is opened with it. */
  function withSae(recipe: Recipe, sae: SaeAt): Recipe {
    if (sae.isBench || recipe.saes?.some(({ hash }) => hash === sae.hash)) return recipe
    return { ...recipe, saes: [...(recipe.saes ?? []), recordOf(sae)] }
  }

  /** The recipe with its SAEs where the library has them now, for a run. */
  function located(recipe: Recipe): Recipe {
    if (!recipe.saes) return recipe
    return {
      ...recipe,
      saes: recipe.saes.map((own) => ({ ...own, path: library.saes.find(({ hash }) => hash === own.hash)?.path ?? own.path }))
    }
  }

  /** Whether a recipe of the project can stand on the bench as it is: it means the bench's SAE, or no SAE but those it names. */
  function fits(id: string): boolean {
    const saved = recipes.find(id)
    if (!saved || !library.sae) return saved !== null && saved.recipe.interventions.length > 0 && !needsBench(saved.recipe)
    if (saved.saeHash === library.sae.hash || saved.saePath === library.sae.path) return true
    return saved.recipe.interventions.length > 0 && !needsBench(saved.recipe)
  }

  /** What keeps a recipe from this bench; null for one that fits. */
  function apart(id: string): Apart | null {
    const saved = recipes.find(id)
    if (!saved || fits(id)) return null
    const { recipe, saeHash, saePath } = saved
    const sae = library.saes.find(({ hash, path }) => hash === saeHash || path === saePath)
    if (!sae) return { reason: 'it edits latents of an SAE that is not in the library', named: null, bench: null }
    const model = library.model
    const fit = model ? fitOf(model, sae, library.hookOf(sae)) : { fits: false, reason: 'there is no model' }
    if (!fit.fits) return { reason: `it edits latents of ${sae.name}, and ${fit.reason}`, named: null, bench: null }
    const hook = library.hookOf(sae)
    const own = recipe.interventions.length > 0 && hook !== null ? withSaeNamed(recipe, recordOf(placed(sae, false))) : null
    return {
      reason: `it edits latents of ${sae.name}${hook ? ` at ${hook}` : ''}, and the bench is opened with ${library.sae?.name ?? 'no SAE'}`,
      named: own && !needsBench(own) ? own : null,
      bench: sae
    }
  }

  return { bench, others, of, at, withSae, located, fits, apart }
})
