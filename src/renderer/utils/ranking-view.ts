/** What the Analyse view draws, taken from a Ranking: pure, so that it can be tested and reused. */
import { promptText } from '../../shared/prompt-text'
import type { RankedLatent, Ranking } from '../../shared/records/ranking'

const LAST_WORDS = 4

/** One row of the ranking table. */
export interface RankingRow extends RankedLatent {
  rank: number
  label: string | null
  exactEffect: number | null
}

/** Entries of each latent: indices into `ranking.entries`. Built once per ranking. */
export type EntryIndex = ReadonlyMap<number, readonly number[]>

/** Ranked latents with rank, label and exact effect. */
export function rankingRows(ranking: Ranking, labels: ReadonlyMap<number, string>): RankingRow[] {
  const effects = new Map(ranking.exact?.effects.map((effect) => [effect.latent, effect.exactEffect]))
  return ranking.latents.map((latent, index) => ({
    ...latent,
    rank: index + 1,
    label: labels.get(latent.latent) ?? null,
    exactEffect: effects.get(latent.latent) ?? null
  }))
}

/** Rows whose number or label holds the text; "12" also finds 1203, "#12" only latent 12. */
export function filterRows(rows: readonly RankingRow[], query: string): readonly RankingRow[] {
  const wanted = query.trim().toLowerCase()
  if (wanted === '') return rows
  const exact = /^#(\d+)$/.exec(wanted)?.[1]
  if (exact !== undefined) return rows.filter((row) => String(row.latent) === exact)
  return rows.filter((row) => String(row.latent).includes(wanted) || (row.label?.toLowerCase().includes(wanted) ?? false))
}

export function indexEntries(ranking: Ranking): EntryIndex {
  const index = new Map<number, number[]>()
  ranking.entries.latent.forEach((latent, at) => {
    const list = index.get(latent)
    if (list) list.push(at)
    else index.set(latent, [at])
  })
  return index
}

/** Score added at each position by `latents`, or by all active latents when the set is empty. [position] */
export function positionScores(ranking: Ranking, index: EntryIndex, latents: ReadonlySet<number>): Float64Array {
  const sums = new Float64Array(ranking.tokens.length)
  const { position, score } = ranking.entries
  const add = (at: number): void => {
    const place = position[at] ?? 0
    sums[place] = (sums[place] ?? 0) + (score[at] ?? 0)
  }
  if (latents.size === 0) for (let at = 0; at < position.length; at++) add(at)
  else for (const latent of latents) index.get(latent)?.forEach(add)
  return sums
}

/** Activation of one latent at each position. [position] */
export function positionActivations(ranking: Ranking, index: EntryIndex, latent: number): Float64Array {
  const values = new Float64Array(ranking.tokens.length)
  for (const at of index.get(latent) ?? []) values[ranking.entries.position[at] ?? 0] = ranking.entries.activation[at] ?? 0
  return values
}

/** Fewest latents, by size of score, that carry `share` of the total absolute score. */
export function carriers(latents: readonly RankedLatent[], share: number): number {
  const sizes = latents.map((latent) => Math.abs(latent.score)).sort((a, b) => b - a)
  const wanted = sizes.reduce((sum, size) => sum + size, 0) * share
  let sum = 0
  for (const [at, size] of sizes.entries()) {
    sum += size
    if (sum >= wanted) return at + 1
  }
  return sizes.length
}

/** A name for a saved ranking: the prompt's name, or the end of its text, the target, and the method as menus call it. */
export function autoName(ranking: Ranking, promptName: string, method: string): string {
  const { target: explained } = ranking
  const target = explained.terms.length > 1 ? explained.label : explained.text.trim() || `token ${explained.id}`
  return `${promptName || lastWords(ranking)} → ${target}, ${method}`
}

/** The last few words of the prompt, which stand nearest to the target. */
function lastWords(ranking: Ranking): string {
  const text = !('ids' in ranking.prompt) ? promptText(ranking.prompt) : ranking.tokens.map((token) => token.text).join('')
  const words = text.trim().split(/\s+/)
  return words.length > LAST_WORDS ? `…${words.slice(-LAST_WORDS).join(' ')}` : words.join(' ')
}

/** The best `count` latents, and after them the selected ones that are not among them. */
export function heatmapRows(rows: readonly RankingRow[], selected: ReadonlySet<number>, count: number): RankingRow[] {
  const rest = rows.slice(count).filter((row) => selected.has(row.latent))
  return [...rows.slice(0, count), ...rest.slice(0, count)]
}

/** The entries of these latents as heat-map cells. */
export function heatmapCells(
  ranking: Ranking,
  index: EntryIndex,
  rows: readonly { latent: number }[]
): { row: number; position: number; score: number; activation: number }[] {
  const { position, score, activation } = ranking.entries
  return rows.flatMap(({ latent }, row) =>
    (index.get(latent) ?? []).map((at) => ({ row, position: position[at] ?? 0, score: score[at] ?? 0, activation: activation[at] ?? 0 }))
  )
}
