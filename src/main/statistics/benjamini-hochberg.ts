/**
 * q-values of Benjamini and Hochberg 1995: calling all with q <= 0.05 significant, the expected share of false ones among them is at most
 * 5 %. q_(i) = min over j >= i of p_(j) m / j, p ascending.
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  const m = p.length
  const order = Array.from({ length: m }, (_, i) => i).sort((a, b) => (p[a] ?? 1) - (p[b] ?? 1))
  const q = new Float64Array(m)
  let least = 1
  for (let rank = m; rank >= 1; rank--) {
    const at = order[rank - 1] ?? 0
    least = Math.min(least, ((p[at] ?? 1) * m) / rank)
    q[at] = least
  }
  return q
}
