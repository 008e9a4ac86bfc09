/** How much the best latents change when a prompt is said in other words. */
import type { Aggregate, SetPrompt } from '../../shared/records/sets'
import { meanInterval } from './bootstrap'
import { randomStream } from './random'
import { jaccardTop } from './rank-overlap'
import type { Batches } from './set-columns'

/** Pairs of prompts that are no paraphrases of one another. */
const OTHER_PAIRS = 2000

export interface StabilityOptions {
  readonly topK: number
  readonly resamples: number
  readonly seed: number
}

/**
 * Mean Jaccard overlap of the best k of two prompts. Of paraphrases: the mean over the pairs of a family, families resampled. Of others:
 * disjoint random pairs from different families, pairs resampled. Null where no two prompts with a result are paraphrases. `places`: those
 * of the prompts with a result.
 */
export async function stabilityOf(
  batches: Batches,
  prompts: readonly SetPrompt[],
  places: readonly number[],
  { topK, resamples, seed }: StabilityOptions,
  pause: () => Promise<void>
): Promise<Aggregate['stability']> {
  const familyOf = (place: number): string | null => prompts[place]?.paraphrase ?? null
  const families = new Map<string, number[]>()
  for (const place of places) {
    const name = familyOf(place)
    const family = name === null ? undefined : families.get(name)
    if (family) family.push(place)
    else if (name !== null) families.set(name, [place])
  }
  const several = [...families.values()].filter((family) => family.length > 1)
  if (several.length === 0) return null
  const pairs = otherPairs(places, familyOf, seed + 3)
  const best = await bestOf(batches, new Set([...several.flat(), ...pairs.flat()]), topK, pause)
  const overlap = (a: number, b: number): number => jaccardTop(best.get(a) ?? [], best.get(b) ?? [], topK)
  const within: number[] = []
  for (const family of several) {
    await pause()
    const each = family.flatMap((a, i) => family.slice(i + 1).map((b) => overlap(a, b)))
    within.push(each.reduce((sum, one) => sum + one, 0) / each.length)
  }
  const others = pairs.map(([a, b]) => overlap(a, b))
  return { paraphrases: meanInterval(within, resamples, seed), others: meanInterval(others, resamples, seed), families: several.length }
}

function otherPairs(places: readonly number[], familyOf: (place: number) => string | null, seed: number): [number, number][] {
  const random = randomStream(seed)
  const shuffled = places.map((place) => ({ place, key: random() })).sort((a, b) => a.key - b.key)
  const pairs: [number, number][] = []
  for (let at = 0; at + 1 < shuffled.length && pairs.length < OTHER_PAIRS; at += 2) {
    const [a, b] = [shuffled[at]?.place ?? 0, shuffled[at + 1]?.place ?? 0]
    if (familyOf(a) === null || familyOf(a) !== familyOf(b)) pairs.push([a, b])
  }
  return pairs
}

/** The best k latents of some prompts. */
async function bestOf(
  batches: Batches,
  wanted: ReadonlySet<number>,
  topK: number,
  pause: () => Promise<void>
): Promise<Map<number, number[]>> {
  const best = new Map<number, number[]>()
  for await (const batch of batches()) {
    await pause()
    for (const { index, latent } of batch) if (wanted.has(index)) best.set(index, [...latent.subarray(0, topK)])
  }
  return best
}
