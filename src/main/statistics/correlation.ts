/** How well two lists of numbers agree: Pearson's r, and Spearman's rho (Pearson's r of ranks, ties given their mean rank). */

/** Null when either list is constant, holds a number that is not finite, or there are fewer than 3 pairs. */
export function pearson(a: readonly number[], b: readonly number[]): number | null {
  const count = a.length
  if (count < 3 || b.length !== count) return null
  const [meanA, meanB] = [mean(a), mean(b)]
  let products = 0
  let squaresA = 0
  let squaresB = 0
  for (let i = 0; i < count; i++) {
    const [x, y] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB]
    products += x * y
    squaresA += x * x
    squaresB += y * y
  }
  const r = products / Math.sqrt(squaresA) / Math.sqrt(squaresB)
  return Number.isFinite(r) ? Math.min(1, Math.max(-1, r)) : null
}

/** As `pearson`, of the ranks. */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  return pearson(ranks(a), ranks(b))
}

/** Rank of each number, 1 for the smallest; equal numbers share the mean of their places. */
export function ranks(numbers: readonly number[]): number[] {
  const order = numbers.map((number, index) => ({ number, index })).sort((a, b) => a.number - b.number)
  const result = new Array<number>(numbers.length).fill(0)
  for (let start = 0; start < order.length;) {
    let end = start
    while (end + 1 < order.length && order[end + 1]?.number === order[start]?.number) end++
    for (let place = start; place <= end; place++) result[order[place]?.index ?? 0] = (start + end) / 2 + 1
    start = end + 1
  }
  return result
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
