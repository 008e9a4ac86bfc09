/**
 * Two or more rankings side by side: the same latents aligned, changes of rank, and how far they agree.
 *
 * Overlap at k is the Jaccard index |A and B| / |A or B| of the two sets of top k latents. Agreement on shared latents is
 * Spearman's rho: Pearson's correlation of their ranks among the shared ones, ties sharing their mean rank.
 */
import type { Ranking } from '../../shared/records/ranking'

/** A latent in one ranking. */
export interface RankedCell {
  /** 1 is the best. */
  rank: number
  score: number
  maxActivation: number
  positions: number
  exactEffect: number | null
}

/** A latent across all rankings, in their order; null where it is not active. */
export interface AlignedLatent {
  latent: number
  cells: (RankedCell | null)[]
  bestRank: number
  /** Rank in the first ranking minus rank in the last: positive when it rose. Null when it misses in either. */
  change: number | null
  /** Index of the only ranking that has it, or null. */
  onlyIn: number | null
}

/** Every latent that is active in at least one of the rankings, best rank first. */
export function alignRankings(rankings: readonly Ranking[]): AlignedLatent[] {
  const rows = new Map<number, (RankedCell | null)[]>()
  rankings.forEach((ranking, column) => {
    const exact = new Map(ranking.exact?.effects.map((effect) => [effect.latent, effect.exactEffect]))
    ranking.latents.forEach(({ latent, score, maxActivation, positions }, index) => {
      const cells = rows.get(latent) ?? new Array<RankedCell | null>(rankings.length).fill(null)
      cells[column] = { rank: index + 1, score, maxActivation, positions, exactEffect: exact.get(latent) ?? null }
      rows.set(latent, cells)
    })
  })
  const aligned = [...rows].map(([latent, cells]) => alignedLatent(latent, cells))
  return aligned.sort((a, b) => a.bestRank - b.bestRank || meanRank(a) - meanRank(b) || a.latent - b.latent)
}

function alignedLatent(latent: number, cells: (RankedCell | null)[]): AlignedLatent {
  const present = cells.flatMap((cell, index) => (cell ? [index] : []))
  const first = cells[0]
  const last = cells[cells.length - 1]
  return {
    latent,
    cells,
    bestRank: Math.min(...cells.map((cell) => cell?.rank ?? Infinity)),
    change: cells.length > 1 && first && last ? first.rank - last.rank : null,
    onlyIn: cells.length > 1 && present.length === 1 ? (present[0] ?? null) : null
  }
}

function meanRank({ cells }: AlignedLatent): number {
  const ranks = cells.flatMap((cell) => (cell ? [cell.rank] : []))
  return ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length
}

/** Agreement of two rankings. */
export interface Overlap {
  /** Indices into the list of rankings. */
  pair: readonly [number, number]
  jaccard: { k: number; value: number | null; shared: number }[]
  /** Spearman's rho over the latents active in both; null with fewer than 3 or when one side is constant. */
  spearman: number | null
  shared: number
}

/** The agreement of each ranking with each later one, at every k of `depths`. */
export function overlaps(rankings: readonly Ranking[], depths: readonly number[]): Overlap[] {
  return rankings.flatMap((a, i) =>
    rankings.slice(i + 1).map((b, offset) => ({
      pair: [i, i + 1 + offset] as const,
      jaccard: depths.map((k) => ({ k, ...jaccard(a, b, k) })),
      ...sharedCorrelation(a, b)
    }))
  )
}

/**
 * Jaccard index of the top `k` of both. A ranking with fewer than k active latents takes part with all it has; null
 * when both are empty.
 */
export function jaccard(a: Ranking, b: Ranking, k: number): { value: number | null; shared: number } {
  const top = new Set(a.latents.slice(0, k).map(({ latent }) => latent))
  const other = b.latents.slice(0, k)
  const shared = other.filter(({ latent }) => top.has(latent)).length
  const either = top.size + other.length - shared
  return { value: either === 0 ? null : shared / either, shared }
}

/** The Jaccard index at k = 1, 2, ... up to `depth` or the longer ranking's end, in one pass. */
export function overlapCurve(a: Ranking, b: Ranking, depth: number): number[] {
  const inA = new Set<number>()
  const inB = new Set<number>()
  let shared = 0
  const length = Math.min(depth, Math.max(a.latents.length, b.latents.length))
  return Array.from({ length }, (_, index) => {
    const fromA = a.latents[index]?.latent
    const fromB = b.latents[index]?.latent
    if (fromA !== undefined) inA.add(fromA)
    if (fromB !== undefined) inB.add(fromB)
    if (fromA !== undefined && inB.has(fromA)) shared++
    if (fromB !== undefined && fromB !== fromA && inA.has(fromB)) shared++
    return shared / (inA.size + inB.size - shared)
  })
}

/** Spearman's rho over the latents that both rankings list, and how many those are. */
export function sharedCorrelation(a: Ranking, b: Ranking): { spearman: number | null; shared: number } {
  const strengths = new Map(b.latents.map((latent) => [latent.latent, strength(b, latent.score)]))
  const xs: number[] = []
  const ys: number[] = []
  for (const { latent, score } of a.latents) {
    const other = strengths.get(latent)
    if (other === undefined) continue
    xs.push(strength(a, score))
    ys.push(other)
  }
  return { spearman: spearman(xs, ys), shared: xs.length }
}

/** What a ranking is ordered by: the score, or its size where scores are signed. */
function strength(ranking: Ranking, score: number): number {
  return ranking.aggregation === 'signed-sum' ? Math.abs(score) : score
}

/** Spearman's rho of two equally long lists; null with fewer than 3 pairs or when one list is constant. */
export function spearman(xs: readonly number[], ys: readonly number[]): number | null {
  if (xs.length < 3) return null
  const a = meanRanks(xs)
  const b = meanRanks(ys)
  // The mean of the ranks 1..n, ties or not.
  const mean = (xs.length + 1) / 2
  let ab = 0
  let aa = 0
  let bb = 0
  for (let index = 0; index < a.length; index++) {
    const x = (a[index] ?? 0) - mean
    const y = (b[index] ?? 0) - mean
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return aa === 0 || bb === 0 ? null : ab / Math.sqrt(aa * bb)
}

/** Rank of each value, 1 for the smallest; equal values share the mean of their ranks. */
function meanRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0))
  const ranks = new Array<number>(values.length).fill(0)
  for (let start = 0; start < order.length;) {
    let end = start + 1
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end++
    for (let place = start; place < end; place++) ranks[order[place] ?? 0] = (start + end + 1) / 2
    start = end
  }
  return ranks
}
