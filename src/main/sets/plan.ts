/**
 * Which prompts of a set are computed together. Depends on the prompts and the settings alone, never on shards, on what is done
 * already or on the machine: sums over a batch may round differently in another one, so equal batches are what makes results equal.
 */

/** Bounds of a batch. A change of any of them changes the last bits of results, and runs that were begun before cannot go on. */
export const BOUNDS = {
  /** Prompts. */
  rows: 16,
  /** Prompts times the positions of the longest. */
  positions: 2048,
  /** Rows of logits times the vocabulary: 2^26 float32 are 256 MiB. */
  logits: 2 ** 26,
  /** Positions times d_sae: what the encoder holds before it keeps the active ones. */
  dense: 2 ** 26,
  /** Prompts that cannot be run cost nothing. */
  failed: 256
} as const

/** What the plan needs to know of a prompt. */
export interface PlanItem {
  /** Tokens that are run; null where the prompt cannot be. */
  readonly positions: number | null
  /** Rows of logits that its target reads. */
  readonly terms: number
  /** What must be equal within a batch, besides: prompts with a counterfactual are not run with those without one. */
  readonly kind: string
}

export interface PlanOptions {
  readonly d_vocab: number
  readonly d_sae: number
  /** A prompt a batch: for methods that fill batches with one prompt's own variants. */
  readonly alone: boolean
}

/**
 * Batches of places in the set, each place in exactly one: prompts that cannot be run first, the others from the shortest to the
 * longest, which wastes the least on padding; of equal length by their place. Within a batch, places are in this order.
 */
export function planBatches(items: readonly PlanItem[], { d_vocab, d_sae, alone }: PlanOptions): number[][] {
  const places = items.map((item, place) => ({ ...item, place }))
  const failed = places.filter(({ positions }) => positions === null)
  const batches: number[][] = []
  for (let at = 0; at < failed.length; at += BOUNDS.failed) batches.push(failed.slice(at, at + BOUNDS.failed).map(({ place }) => place))
  const kinds = [...new Set(places.map(({ kind }) => kind))].sort()
  for (const own of kinds) {
    let [batch, terms]: [number[], number] = [[], 0]
    const sorted = places
      .flatMap(({ positions, ...rest }) => (positions === null || rest.kind !== own ? [] : [{ positions, ...rest }]))
      .sort((a, b) => a.positions - b.positions || a.place - b.place)
    for (const item of sorted) {
      // The prompts so far are no longer than this one: all would be padded to its length.
      const rows = batch.length + 1
      const positions = rows * item.positions
      const full =
        alone ||
        rows > BOUNDS.rows ||
        positions > BOUNDS.positions ||
        positions * d_sae > BOUNDS.dense ||
        (terms + item.terms) * d_vocab > BOUNDS.logits
      if (full && batch.length > 0) {
        batches.push(batch)
        ;[batch, terms] = [[], 0]
      }
      batch.push(item.place)
      terms += item.terms
    }
    if (batch.length > 0) batches.push(batch)
  }
  return batches
}

/** Which batches shard `index` of `of` computes: every of-th, so that each gets short and long ones. */
export function batchesOfShard(batches: number, { index, of }: { readonly index: number; readonly of: number }): number[] {
  return Array.from({ length: batches }, (_, batch) => batch).filter((batch) => batch % of === index)
}
