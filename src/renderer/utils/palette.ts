/** One line of the command palette. */
export interface PaletteEntry {
  kind: string
  label: string
  detail: string
  run: () => void
}

/** Entries in which every word of `query` occurs: those whose label begins with it first, then in their own order. */
export function findEntries<T extends { kind: string; label: string; detail: string }>(
  entries: readonly T[],
  query: string,
  limit: number
): T[] {
  const words = query
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const first: T[] = []
  const rest: T[] = []
  for (const entry of entries) {
    const label = entry.label.toLowerCase()
    const all = `${entry.kind} ${label} ${entry.detail}`.toLowerCase()
    if (!words.every((word) => all.includes(word))) continue
    if (words.length > 0 && label.startsWith(words[0] ?? '')) first.push(entry)
    else rest.push(entry)
    if (first.length >= limit) break
  }
  return [...first, ...rest].slice(0, limit)
}
