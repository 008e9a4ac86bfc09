/** The library's list as plain data. */
import type { ModelInfo, SaeInfo, SaeReading } from '../../shared/records/model'
import type { LibraryEntry } from '../../shared/records/settings'

export interface Found {
  readonly models: readonly ModelInfo[]
  readonly saes: readonly SaeInfo[]
}

/** The entry with these files accepted as its own. */
export function accepted(entry: LibraryEntry, info: ModelInfo | SaeInfo, stamp: string): LibraryEntry {
  return { ...entry, stamp, model: 'd_sae' in info ? null : info, sae: 'd_sae' in info ? info : null }
}

/** The entry read another way; its files are the same. */
export function withReading(entry: LibraryEntry, info: SaeInfo, reading: SaeReading): LibraryEntry {
  return { ...entry, sae: info, reading }
}

/** Whether the files are others than those the entry knows. An entry of an older list knows none and takes what it finds. */
export function isNew({ model, sae }: LibraryEntry, now: { readonly hash: string }): boolean {
  const known = model?.hash ?? sae?.hash
  return known !== undefined && known !== now.hash
}

/** One of each path: the last. */
export function unique<T extends { readonly path: string }>(entries: readonly T[]): T[] {
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()]
}

/** The SAE to start with: a TopK one past the middle of the model tells most; else the first. */
export function preferredSae(saes: readonly SaeInfo[]): SaeInfo | null {
  const topk = saes.filter((each) => each.k !== null && each.labelled)
  return topk[Math.floor(topk.length / 2)] ?? saes[0] ?? null
}
