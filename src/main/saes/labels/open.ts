/** Everything known of an SAE's latents, from every source: which explanation is shown, what was measured, and searching. */
import type { LabelSource, LatentLabel } from '../../../shared/records/latent'
import type { Sae } from '../types'
import type { LabelRecord } from './record'
import { searchable, searchLabels, type FoundLabel, type Searchable } from './search'
import { openOwn, openStored, OWN_SOURCE, type Explanation, type OpenedSource } from './source'
import { listSources, storeFolder, type SourceInfo, type StoredSource } from './store'

/** What one source measured of one latent. */
export interface Measured {
  /** Name of the source; empty for the file beside the weights. */
  readonly source: string
  readonly folded: boolean
  readonly record: LabelRecord
}

/** The labels of one SAE. */
export interface Labels {
  /** The explanation that is shown of every latent that has one, by number. */
  readonly all: readonly LatentLabel[]
  readonly sources: readonly LabelSource[]
  /** Every explanation of a latent, the one that is shown first. */
  explanations(latent: number): readonly Explanation[]
  /** What the sources measured of a latent: beside the weights first, then computed here, then imported. @throws LABELS_INVALID, FILE_UNREADABLE */
  measured(latent: number): Promise<Measured[]>
  /** Latents by what is typed, the best first. */
  search(query: string, limit: number): FoundLabel[]
}

/**
 * Reads the labels beside an SAE's weights and those that the label store `root` keeps for its hash, once, line by line. A damaged source
 * of the store is listed with the reason and left out; a damaged file beside the weights is refused.
 * @throws FILE_UNREADABLE, LABELS_INVALID
 */
export async function openLabels(sae: Sae, root: string | null): Promise<Labels> {
  const own = await openOwn(sae)
  const listed: LabelSource[] = own === null ? [] : [describeOwn(own, sae)]
  const opened: { source: OpenedSource; place: number }[] = own === null ? [] : [{ source: own, place: 0 }]
  if (root !== null) {
    const folder = storeFolder(root, sae)
    for (const stored of await listSources(folder)) {
      const source = await openOrExplain(folder, stored, sae)
      listed.push(describeSource(stored, 'damaged' in source ? source.damaged : null))
      if ('info' in stored && !('damaged' in source)) opened.push({ source, place: stored.info.binding === 'computed' ? 1 : 2 })
    }
  }
  const latents = [...new Set(opened.flatMap(({ source }) => [...source.explanations.keys()]))].sort((a, b) => a - b)
  const explanations = (latent: number): Explanation[] =>
    opened.flatMap(({ source }) => source.explanations.get(latent) ?? []).sort(byWorth)
  let pool: Searchable[] | undefined
  const measuring = [...opened].sort((a, b) => a.place - b.place)
  return {
    all: latents.flatMap((latent): LatentLabel[] => {
      const [best] = explanations(latent)
      return best === undefined ? [] : [{ latent, label: best.label, source: best.source }]
    }),
    sources: listed,
    explanations,
    async measured(latent) {
      const found: Measured[] = []
      for (const { source } of measuring) {
        const record = await source.statistics(latent)
        if (record !== null) found.push({ source: source.name, folded: source.folded, record })
      }
      return found
    },
    search(query, limit) {
      pool ??= latents.map((latent) => searchable(latent, explanations(latent)))
      return searchLabels(pool, sae.d_sae, query, limit)
    }
  }
}

/**
 * What a person wrote comes first, what was only computed from text comes last; between explanations the higher score, then the newer.
 * One that has a score goes before one that has none.
 */
export function byWorth(a: Explanation, b: Explanation): number {
  // Two that are both without a score differ by NaN, which counts as no difference.
  return (
    Number(b.user) - Number(a.user) ||
    Number(a.computed) - Number(b.computed) ||
    (b.score ?? -Infinity) - (a.score ?? -Infinity) ||
    timeOf(b) - timeOf(a) ||
    0
  )
}

function timeOf({ created }: Explanation): number {
  const time = created === null ? NaN : Date.parse(created)
  return Number.isNaN(time) ? -Infinity : time
}

async function openOrExplain(folder: string, stored: StoredSource, sae: Sae): Promise<OpenedSource | { damaged: string }> {
  if ('damaged' in stored) return stored
  try {
    return await openStored(folder, stored.info, sae)
  } catch (error) {
    return { damaged: error instanceof Error ? error.message : String(error) }
  }
}

function describeOwn(own: OpenedSource, sae: Sae): LabelSource {
  const all = [...own.explanations.values()]
  return {
    id: OWN_SOURCE,
    format: 'latents',
    name: 'latents.jsonl beside the weights',
    from: sae.folder,
    added: null,
    binding: 'beside',
    explanations: all.reduce((sum, list) => sum + list.length, 0),
    latents: all.length,
    outside: 0,
    removable: false,
    damaged: null
  }
}

/** A source of the store as the window knows it; `damaged` is why it cannot be read. */
export function describeSource(stored: StoredSource, damaged: string | null): LabelSource {
  const info: Partial<SourceInfo> & { id: string } = 'info' in stored ? stored.info : { id: stored.id }
  return {
    id: info.id,
    format: info.format ?? '',
    name: info.name ?? info.id,
    from: info.from ?? '',
    added: info.added ?? null,
    binding: info.binding ?? 'confirmed',
    explanations: info.explanations ?? 0,
    latents: info.latents ?? 0,
    outside: info.outside ?? 0,
    removable: true,
    damaged
  }
}
