/** Where models lie, as a project stores it (`bundled:` for those that ship with the app) and as the window needs it. */
import type { ProjectState, SavedComparison, SavedRanking } from '../../shared/records/project'
import type { ExperimentManifest } from '../../shared/records/experiment'
import type { Provenance, Ranking } from '../../shared/records/ranking'
import type { Comparison, Recipe } from '../../shared/records/steering'

export interface Paths {
  /** Absolute path -> stored path. */
  stored(path: string): string
  /** Stored path -> absolute path. */
  shown(path: string): string
}

export function mapRanking(ranking: Ranking, map: (path: string) => string): Ranking {
  return { ...ranking, provenance: mapProvenance(ranking.provenance, map) }
}

export function mapComparison(comparison: Comparison, map: (path: string) => string): Comparison {
  const { provenance } = comparison
  const model = { ...provenance.model, path: map(provenance.model.path) }
  const sae = provenance.sae === null ? null : { ...provenance.sae, path: map(provenance.sae.path) }
  const columns = comparison.columns.map((column) => ({ ...column, recipe: column.recipe && mapRecipe(column.recipe, map) }))
  const others = provenance.others && { others: provenance.others.map((other) => ({ ...other, path: map(other.path) })) }
  return { ...comparison, columns, provenance: { ...provenance, model, sae, ...others } }
}

export function mapRecipe(recipe: Recipe, map: (path: string) => string): Recipe {
  return recipe.saes === undefined ? recipe : { ...recipe, saes: recipe.saes.map((sae) => ({ ...sae, path: map(sae.path) })) }
}

/** Which model and SAE something was or will be run with. */
export function mapBench<B extends { readonly model: string; readonly sae: string }>(bench: B, map: (path: string) => string): B {
  return { ...bench, model: map(bench.model), sae: map(bench.sae) }
}

export function mapManifest(manifest: ExperimentManifest, map: (path: string) => string): ExperimentManifest {
  const { bench } = manifest
  const model = { ...bench.model, path: map(bench.model.path) }
  return { ...manifest, bench: { ...bench, model, sae: { ...bench.sae, path: map(bench.sae.path) } } }
}

export function mapProvenance(provenance: Provenance, map: (path: string) => string): Provenance {
  const model = { ...provenance.model, path: map(provenance.model.path) }
  return { ...provenance, model, sae: { ...provenance.sae, path: map(provenance.sae.path) } }
}

export function shownRanking(saved: SavedRanking, paths: Paths): SavedRanking {
  return { ...saved, ranking: mapRanking(saved.ranking, paths.shown) }
}

export function shownComparison(saved: SavedComparison, paths: Paths): SavedComparison {
  return { ...saved, comparison: mapComparison(saved.comparison, paths.shown) }
}

export function shownState(state: ProjectState, paths: Paths): ProjectState {
  const recipes = state.recipes.map((saved) => ({
    ...saved,
    recipe: mapRecipe(saved.recipe, paths.shown),
    saePath: paths.shown(saved.saePath)
  }))
  return { ...state, recipes }
}
