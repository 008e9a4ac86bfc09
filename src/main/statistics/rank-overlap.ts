/** How much two orders of the same things agree at their tops. */

/** |A and B| / |A or B| of the first k of each; 1 where both are empty. */
export function jaccardTop(first: readonly number[], second: readonly number[], k: number): number {
  return jaccard(new Set(first.slice(0, k)), new Set(second.slice(0, k)))
}

export function jaccard(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let common = 0
  for (const each of a) if (b.has(each)) common += 1
  const all = a.size + b.size - common
  return all === 0 ? 1 : common / all
}

/**
 * Rank-biased overlap (Webber, Moffat, Zobel 2010, doi 10.1145/1852102.1852106), extrapolated (their equation 32 for lists of one length):
 *
 *   RBO = X_k / k p^k + (1 - p) / p sum over d = 1..k of X_d / d p^d
 *
 * with X_d the number of things common to both tops of depth d and k the shorter length. 1 for equal orders, 0 for disjoint ones; p = 0.9
 * puts about 86 % of the weight on the first ten.
 */
export function rankBiasedOverlap(first: readonly number[], second: readonly number[], p = 0.9): number {
  const k = Math.min(first.length, second.length)
  if (k === 0) return first.length === second.length ? 1 : 0
  const [seenFirst, seenSecond] = [new Set<number>(), new Set<number>()]
  let [common, sum] = [0, 0]
  for (let d = 1; d <= k; d++) {
    const [a, b] = [first[d - 1] ?? -1, second[d - 1] ?? -2]
    if (a === b) common += 1
    else common += (seenSecond.has(a) ? 1 : 0) + (seenFirst.has(b) ? 1 : 0)
    seenFirst.add(a)
    seenSecond.add(b)
    sum += (common / d) * p ** d
  }
  return (common / k) * p ** k + ((1 - p) / p) * sum
}
