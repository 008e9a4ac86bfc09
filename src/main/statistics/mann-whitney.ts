/**
 * Mann-Whitney's U test, two-sided (Mann and Whitney 1947): whether values of one group tend to be larger than the other's. Exact for small
 * groups without ties, else by the normal approximation with tie and continuity correction, as scipy.stats.mannwhitneyu has it.
 */

/** Groups whose product of sizes is at most this are counted exactly. */
const EXACT = 400

/** The p-value; 1 where a group is empty or all values are the same. */
export function mannWhitney(first: ArrayLike<number>, second: ArrayLike<number>): number {
  return mannWhitneyWithZeros(first, first.length, second, second.length)
}

/**
 * As `mannWhitney` of groups of n and m values, of which only `first` and `second` are given: the others are 0. Costs as much as there are
 * values given, which of a latent's scores over many prompts are few.
 */
export function mannWhitneyWithZeros(first: ArrayLike<number>, n: number, second: ArrayLike<number>, m: number): number {
  if (n === 0 || m === 0) return 1
  const { rankSum, ties } = ranksOf(first, n, second, m)
  const u = rankSum - (n * (n + 1)) / 2
  if (ties === 0 && n * m <= EXACT) return exactP(u, n, m)
  return normalP(u, n, m, ties)
}

/** Sum of the ranks of the first group among all, ties at their mean; and the sum of t³ - t over runs of t equal values. */
function ranksOf(first: ArrayLike<number>, n: number, second: ArrayLike<number>, m: number): { rankSum: number; ties: number } {
  const [a, b] = [Float64Array.from(first).sort(), Float64Array.from(second).sort()]
  const zeros = { own: n - a.length, others: m - b.length }
  let left = zeros.own + zeros.others > 0
  let [i, j, start, rankSum, ties] = [0, 0, 0, 0, 0]
  while (i < a.length || j < b.length || left) {
    const value = Math.min(a[i] ?? Infinity, b[j] ?? Infinity, left ? 0 : Infinity)
    let [own, others] = [0, 0]
    // -0 sorts before 0 and equals it; what is no number sorts last and equals nothing
    while (i < a.length && !((a[i] ?? 0) > value)) [i, own] = [i + 1, own + 1]
    while (j < b.length && !((b[j] ?? 0) > value)) [j, others] = [j + 1, others + 1]
    if (left && value === 0) {
      own += zeros.own
      others += zeros.others
      left = false
    }
    const run = own + others
    rankSum += own * (start + (run + 1) / 2)
    ties += run ** 3 - run
    start += run
  }
  return { rankSum, ties }
}

/** How many of the orders of n and m things give each U, by the recurrence f(n, m, u) = f(n - 1, m, u - m) + f(n, m - 1, u). */
function exactP(u: number, n: number, m: number): number {
  let rows = Array.from({ length: m + 1 }, () => [1])
  for (let a = 1; a <= n; a++) {
    const next: number[][] = [[1]]
    for (let b = 1; b <= m; b++) {
      const row = new Array<number>(a * b + 1).fill(0)
      for (let k = 0; k <= a * b; k++) row[k] = (rows[b]?.[k - b] ?? 0) + (next[b - 1]?.[k] ?? 0)
      next.push(row)
    }
    rows = next
  }
  const counts = rows[m] ?? [1]
  const total = counts.reduce((sum, count) => sum + count, 0)
  const smaller = Math.min(u, n * m - u)
  const tail = counts.slice(0, smaller + 1).reduce((sum, count) => sum + count, 0)
  return Math.min(1, (2 * tail) / total)
}

function normalP(u: number, n: number, m: number, ties: number): number {
  const N = n + m
  const variance = ((n * m) / 12) * (N + 1 - ties / (N * (N - 1)))
  if (!(variance > 0)) return 1
  const z = (Math.abs(u - (n * m) / 2) - 0.5) / Math.sqrt(variance)
  return Math.min(1, 2 * normalTail(z))
}

/**
 * P(Z > z) of the standard normal distribution, to about 1e-14: the continued fraction of Mills’s ratio for z > 3, the series of erf below
 * it (Abramowitz and Stegun 26.2.11 and 26.2.14).
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z > 3) {
    let fraction = z
    for (let k = 200; k >= 1; k--) fraction = z + k / fraction
    return density / fraction
  }
  let [term, sum] = [z, z]
  for (let k = 1; k < 200; k++) {
    term *= (z * z) / (2 * k + 1)
    sum += term
  }
  return 0.5 - density * sum
}
