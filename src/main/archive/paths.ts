/** Where models lie, as a project stores it (`bundled:` for those that ship with the app) and as the window needs it. */
import type { ProjectState, SavedComparison, SavedRanking } from '../../shared/records/project'
import type { Ranking } from '../../shared/records/ranking'
import type { Comparison } from '../../shared/records/steering'

export interface Paths {
  /** Absolute path -> stored path. */
  stored(path: string): string
  /** Stored path -> absolute path. */
  shown(path: string): string
}

export function mapRanking(ranking: Ranking, map: (path: string) => string): Ranking {
  const { provenance } = ranking
  const model = { ...provenance.model, path: map(provenance.model.path) }
  const sae = { ...provenance.sae, path: map(provenance.sae.path) }
  return { ...ranking, provenance: { ...provenance, model, sae } }
}

export function mapComparison(comparison: Comparison, map: (path: string) => string): Comparison {
  const { provenance } = comparison
  const model = { ...provenance.model, path: map(provenance.model.path) }
  const sae = provenance.sae === null ? null : { ...provenance.sae, path: map(provenance.sae.path) }
  return { ...comparison, provenance: { ...provenance, model, sae } }
}

export function shownRanking(saved: SavedRanking, paths: Paths): SavedRanking {
  return { ...saved, ranking: mapRanking(saved.ranking, paths.shown) }
}

export function shownComparison(saved: SavedComparison, paths: Paths): SavedComparison {
  return { ...saved, comparison: mapComparison(saved.comparison, paths.shown) }
}

export function shownState(state: ProjectState, paths: Paths): ProjectState {
  return { ...state, recipes: state.recipes.map((recipe) => ({ ...recipe, saePath: paths.shown(recipe.saePath) })) }
}
