/** In which order the columns of a comparison stand, which are pinned and which are hidden: how they are looked at, never what is run. */

export interface Arrangement {
  /** Keys in their own order; columns that are not named follow in theirs. */
  readonly order: readonly string[]
  readonly pinned: ReadonlySet<string>
  readonly hidden: ReadonlySet<string>
}

/** By what columns are sorted for now. */
export interface ColumnSort<T> {
  /** Null sorts last. */
  readonly of: (column: T) => number | null
  readonly descending: boolean
}

/**
 * The columns as they are shown: the first (the baseline) first, then the pinned, then the others, each group in the own order or sorted. Those of
 * one rank keep the order they had.
 */
export function arranged<T extends { readonly key: string }>(
  columns: readonly T[],
  { order, pinned, hidden }: Arrangement,
  sort: ColumnSort<T> | null
): T[] {
  const [baseline, ...others] = columns
  const place = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length)
  const inOrder = [...others].sort((a, b) => place(a.key) - place(b.key))
  const sorted = sort ? inOrder.sort((a, b) => compare(sort.of(a), sort.of(b), sort.descending)) : inOrder
  return [
    ...(baseline ? [baseline] : []),
    ...sorted.filter(({ key }) => pinned.has(key)),
    ...sorted.filter(({ key }) => !pinned.has(key))
  ].filter(({ key }) => !hidden.has(key))
}

function compare(a: number | null, b: number | null, descending: boolean): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
  return descending ? b - a : a - b
}

/** `keys` with `key` in the place that `goal` has; all the others keep their order. */
export function movedTo(keys: readonly string[], key: string, goal: string): string[] {
  const to = keys.indexOf(goal)
  if (to < 0 || !keys.includes(key) || key === goal) return [...keys]
  const rest = keys.filter((each) => each !== key)
  return [...rest.slice(0, to), key, ...rest.slice(to)]
}

/** `keys` with `key` moved by `step` places, at most to an end. */
export function movedBy(keys: readonly string[], key: string, step: number): string[] {
  const goal = keys[Math.max(0, Math.min(keys.length - 1, keys.indexOf(key) + step))]
  return goal === undefined ? [...keys] : movedTo(keys, key, goal)
}
