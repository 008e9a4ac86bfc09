/**
 * A run's results turned from prompts with latents into latents with prompts. They are read as often as needed, so that a run of any size
 * takes little memory: once to count, then once for each group of latents that fits.
 */
import type { SetResult } from '../../shared/records/sets'

/** A run's results from the start, batch by batch; the same each time. */
export type Batches = () => AsyncIterable<readonly SetResult[]>

/** What is known of every latent after one reading. */
export interface LatentCount {
  readonly latent: number
  /** Prompts in which it is active, and in which it is among the best k. */
  active: number
  inTop: number
  sum: number
  maxActivation: number
}

export interface Overview {
  /** Places in the set of the prompts with a result, ascending: prompt 0, 1, 2 and so on of the statistics. */
  readonly places: readonly number[]
  readonly failed: number
  /** Of every latent that is active anywhere, by its id. */
  readonly counts: ReadonlyMap<number, LatentCount>
}

/** A latent's scores where it is active. */
export interface Column {
  readonly latent: number
  /** Indices into `places`, ascending. */
  readonly at: Int32Array
  readonly score: Float32Array
}

/** (prompt, latent) pairs in memory at once: about 20 bytes each. */
const PAIRS = 8_000_000

export async function overviewOf(batches: Batches, topK: number, pause: () => Promise<void>): Promise<Overview> {
  const counts = new Map<number, LatentCount>()
  const places: number[] = []
  let failed = 0
  for await (const batch of batches()) {
    await pause()
    for (const result of batch) {
      if (result.error !== null) failed += 1
      else {
        places.push(result.index)
        countLatents(counts, result, topK)
      }
    }
  }
  return { places: places.sort((a, b) => a - b), failed, counts }
}

function countLatents(counts: Map<number, LatentCount>, { latent, score, maxActivation }: SetResult, topK: number): void {
  for (let rank = 0; rank < latent.length; rank++) {
    const id = latent[rank] ?? 0
    let count = counts.get(id)
    if (!count) counts.set(id, (count = { latent: id, active: 0, inTop: 0, sum: 0, maxActivation: 0 }))
    count.active += 1
    if (rank < topK) count.inTop += 1
    count.sum += score[rank] ?? 0
    count.maxActivation = Math.max(count.maxActivation, maxActivation[rank] ?? 0)
  }
}

/** The columns of some latents, in their order. */
export async function* columnsOf(
  batches: Batches,
  { places, counts }: Overview,
  latents: readonly number[],
  pause: () => Promise<void>
): AsyncGenerator<Column> {
  const indexOf = new Map(places.map((place, index) => [place, index]))
  for (let next = 0; next < latents.length;) {
    const first = next
    let pairs = 0
    do pairs += counts.get(latents[next++] ?? -1)?.active ?? 0
    while (next < latents.length && pairs + (counts.get(latents[next] ?? -1)?.active ?? 0) <= PAIRS)
    yield* columnsAtOnce(batches, indexOf, latents.slice(first, next), pause)
  }
}

/** One reading. Pairs are kept by prompt first and dealt out in the order of prompts, which orders every column without sorting. */
async function* columnsAtOnce(
  batches: Batches,
  indexOf: ReadonlyMap<number, number>,
  latents: readonly number[],
  pause: () => Promise<void>
): AsyncGenerator<Column> {
  const slotOf = new Map(latents.map((latent, slot) => [latent, slot]))
  const lengths = new Int32Array(latents.length)
  const byPrompt = new Array<{ slots: Int32Array; scores: Float32Array } | undefined>(indexOf.size)
  for await (const batch of batches()) {
    await pause()
    for (const { index, latent, score, error } of batch) {
      const [at, slots] = [indexOf.get(index), latent.map((id) => slotOf.get(id) ?? -1)]
      if (at === undefined || error !== null) continue
      byPrompt[at] = { slots: slots.filter((slot) => slot >= 0), scores: score.filter((_, rank) => (slots[rank] ?? -1) >= 0) }
      for (const slot of slots) if (slot >= 0) lengths[slot] = (lengths[slot] ?? 0) + 1
    }
  }
  const columns = latents.map((latent, slot) => ({
    latent,
    at: new Int32Array(lengths[slot] ?? 0),
    score: new Float32Array(lengths[slot] ?? 0),
    filled: 0
  }))
  byPrompt.forEach((pairs, at) => {
    pairs?.slots.forEach((slot, i) => {
      const column = columns[slot]
      if (!column) return
      column.at[column.filled] = at
      column.score[column.filled++] = pairs.scores[i] ?? 0
    })
  })
  yield* columns
}
