/**
 * Records as tidy tables. Rankings: one row per latent. Comparisons: one row per token of each column. Texts that a spreadsheet would
 * take for a formula get a leading apostrophe; the JSON report has them as they are. Lines end with CRLF (RFC 4180).
 */
import Papa from 'papaparse'
import { freezeOf, FREEZES, scopeWords } from '../../renderer/utils/switches'
import { promptText } from '../../shared/prompt-text'
import type { SavedComparison, SavedRanking } from '../../shared/records/project'
import { labelsOf } from './parts'
import { tokenColumns, tokenPlaces, tokenRow, watchedIn } from './token-rows'

export type CsvCell = string | number | boolean | null

/** One row per latent of each ranking, best first, with what identifies the ranking in front. */
export function rankingsCsv(rankings: readonly SavedRanking[]): string {
  return writeCsv(rankings.flatMap(rankingRows))
}

/** One row per position of each column of each comparison, the prompt's first; column 0 is the baseline. */
export function tokensCsv(comparisons: readonly SavedComparison[]): string {
  const columns = tokenColumns(Math.max(0, ...comparisons.map(({ comparison }) => watchedIn(comparison))))
  return writeCsv(comparisons.flatMap((saved) => tokenPlaces(saved).map((place) => tokenRow(place, columns))))
}

function rankingRows(saved: SavedRanking): Record<string, CsvCell>[] {
  const { ranking } = saved
  const labels = labelsOf(saved)
  const effects = new Map(ranking.exact?.effects.map((effect) => [effect.latent, effect.exactEffect]))
  return ranking.latents.map((latent, at) => ({
    ranking_id: saved.id,
    ranking: saved.name,
    prompt: saved.promptText,
    method: ranking.method,
    substitution: ranking.substitution,
    aggregation: ranking.aggregation,
    positions_counted: scopeWords(ranking.scope),
    frozen: FREEZES[freezeOf(ranking.frozen)].label,
    steps: ranking.steps,
    counterfactual: ranking.counterfactual && promptText(ranking.counterfactual),
    hook: ranking.provenance.hook,
    model_hash: ranking.provenance.model.hash,
    sae_hash: ranking.provenance.sae.hash,
    target_id: ranking.target.id,
    target: ranking.target.hex ?? ranking.target.text,
    target_kind: ranking.target.kind,
    target_label: ranking.target.label,
    target_value: ranking.target.value,
    rank: at + 1,
    latent: latent.latent,
    label: labels.get(latent.latent) ?? null,
    score: latent.score,
    signed_sum: latent.signedSum,
    max_activation: latent.maxActivation,
    mean_activation: latent.meanActivation,
    gradient: latent.gradient,
    positions: latent.positions,
    exact_effect: effects.get(latent.latent) ?? null
  }))
}

/** Rows as CSV text, the first row's keys as its header. */
export function writeCsv(rows: readonly Record<string, CsvCell>[]): string {
  return `${Papa.unparse([...rows], { escapeFormulae: true })}\r\n`
}
