/** Areas under curves. */

/**
 * The area under points (x ascending) by trapezoids, over the width of x: the curve's mean height. The height itself for one point, 0 for
 * none.
 */
export function meanHeight(points: readonly { readonly x: number; readonly y: number }[]): number {
  const [first] = points
  const last = points[points.length - 1]
  if (!first || !last) return 0
  if (last.x === first.x) return first.y
  let area = 0
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1] ?? first, points[i] ?? last]
    area += ((b.x - a.x) * (a.y + b.y)) / 2
  }
  return area / (last.x - first.x)
}
