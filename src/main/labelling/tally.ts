/**
 * What is counted while a text goes by, for every latent: how often it fires, its largest activation, and the windows in which it fires
 * most, with the tokens and activations around the peak. Nothing depends on anything but the order of the windows, so a tally that was
 * saved and read back goes on exactly as if it had never been away.
 */
import type { ActiveLatents } from '../saes'

/** Tokens of a context: so many before the peak, the peak, and the rest after it. */
export const CONTEXT = 24
const BEFORE = 16
/** Numbers of one context in a block: activation of the peak, its place, tokens, then CONTEXT ids and CONTEXT activations. */
const HEAD = 3
const STRIDE = HEAD + 2 * CONTEXT
/** What the contexts of all latents may take in memory at the most. */
const MAX_BYTES = 2 ** 28

/**
 * Ids are kept as float32 beside the activations: exact up to 2^24, and the largest known vocabulary has 2^18.
 */
export interface Tally {
  readonly contexts: number
  /** Positions counted. */
  positions: number
  /** Positions at which each latent fired, [d_sae]. */
  readonly fires: Uint32Array
  /** Largest activation, [d_sae]. */
  readonly max: Float32Array
  /** Contexts held of each latent, [d_sae]. */
  readonly held: Uint8Array
  /** The contexts of a latent that fired, strongest first, [contexts, STRIDE]. */
  readonly blocks: Map<number, Float32Array>
}

export interface TallyContext {
  readonly ids: number[]
  readonly acts: number[]
  readonly at: number
}

/** An empty tally. Of `contexts` asked for, as many are kept as fit in memory should every latent fire. */
export function createTally(d_sae: number, contexts: number): Tally {
  const fitting = Math.floor(MAX_BYTES / (d_sae * STRIDE * Float32Array.BYTES_PER_ELEMENT))
  return {
    contexts: Math.max(1, Math.min(contexts, fitting)),
    positions: 0,
    fires: new Uint32Array(d_sae),
    max: new Float32Array(d_sae),
    held: new Uint8Array(d_sae),
    blocks: new Map()
  }
}

/** Numbers in one latent's block. */
export function blockLength({ contexts }: Pick<Tally, 'contexts'>): number {
  return contexts * STRIDE
}

/**
 * Counts one window: its ids and what is active at them. The first `skipped` positions count nowhere and are shown nowhere. Of one window a latent keeps only its strongest place; of equally strong ones the earlier.
 */
export function addWindow(
  tally: Tally,
  ids: readonly number[],
  { latents, Z }: Pick<ActiveLatents, 'latents' | 'Z'>,
  skipped: number
): void {
  const width = latents.length
  tally.positions += ids.length - skipped
  for (let u = 0; u < width; u++) {
    const latent = latents[u] ?? 0
    let fires = 0
    let peak = 0
    let at = -1
    for (let position = skipped; position < ids.length; position++) {
      const z = Z[position * width + u] ?? 0
      if (z <= 0) continue
      fires += 1
      if (z <= peak) continue
      peak = z
      at = position
    }
    if (at < 0) continue
    tally.fires[latent] = (tally.fires[latent] ?? 0) + fires
    if (peak > (tally.max[latent] ?? 0)) tally.max[latent] = peak
    const block = makeRoom(tally, latent, peak)
    if (block) fill(block, { ids, Z, u, width, at, skipped })
  }
}

/** The place in a latent's block for a context whose peak is `peak`; null when it is weaker than those held. */
function makeRoom(tally: Tally, latent: number, peak: number): Float32Array | null {
  const { contexts, held, blocks } = tally
  const count = held[latent] ?? 0
  const block = blocks.get(latent) ?? new Float32Array(contexts * STRIDE)
  if (count === 0) blocks.set(latent, block)
  let place = count
  while (place > 0 && (block[(place - 1) * STRIDE] ?? 0) < peak) place -= 1
  if (place >= contexts) return null
  const kept = Math.min(count, contexts - 1)
  block.copyWithin((place + 1) * STRIDE, place * STRIDE, kept * STRIDE)
  held[latent] = kept + 1
  return block.subarray(place * STRIDE, (place + 1) * STRIDE)
}

interface Filling {
  readonly ids: readonly number[]
  readonly Z: Float32Array
  readonly u: number
  readonly width: number
  readonly at: number
  readonly skipped: number
}

function fill(context: Float32Array, { ids, Z, u, width, at, skipped }: Filling): void {
  const start = Math.max(skipped, Math.min(at - BEFORE, ids.length - CONTEXT))
  const length = Math.min(CONTEXT, ids.length - start)
  context.fill(0)
  context.set([Z[at * width + u] ?? 0, at - start, length])
  for (let i = 0; i < length; i++) {
    context[HEAD + i] = ids[start + i] ?? 0
    context[HEAD + CONTEXT + i] = Z[(start + i) * width + u] ?? 0
  }
}

/** The contexts of one latent, strongest first. */
export function contextsOf({ blocks, held }: Tally, latent: number): TallyContext[] {
  const block = blocks.get(latent)
  if (!block) return []
  return Array.from({ length: held[latent] ?? 0 }, (_, place) => {
    const context = block.subarray(place * STRIDE, (place + 1) * STRIDE)
    const length = context[2] ?? 0
    return {
      at: context[1] ?? 0,
      ids: Array.from(context.subarray(HEAD, HEAD + length)),
      acts: Array.from(context.subarray(HEAD + CONTEXT, HEAD + CONTEXT + length))
    }
  })
}
