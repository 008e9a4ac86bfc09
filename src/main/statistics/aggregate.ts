/**
 * What a run over a prompt set says of each latent: mean score over prompts (0 where it is not active) with a bootstrap interval, how often
 * it is active and among the best, what separates two groups, and how much the best latents change between paraphrases.
 */
import { fail } from '../../shared/errors'
import type { Aggregate, AggregateLatent, Interval, SetPrompt } from '../../shared/records/sets'
import { benjaminiHochberg } from './benjamini-hochberg'
import { tails } from './bootstrap'
import { mannWhitneyWithZeros } from './mann-whitney'
import { randomStream } from './random'
import { columnsOf, overviewOf, type Batches, type Column, type Overview } from './set-columns'
import { stabilityOf } from './stability'

export interface AggregateOptions {
  readonly topK: number
  readonly groups: readonly [string, string] | null
  /** Latents that are returned. */
  readonly limit: number
  readonly resamples: number
  readonly seed: number
}

/** Numbers that the counts of all resamples together may take, a byte each. Larger sets are resampled less often, and the record says how often. */
const COUNTS = 2e7
const FEWEST = 100
/** Milliseconds of work between two pauses. */
const WORK = 20

/**
 * `batches` is read a few times from the start. `pause` is awaited several times a second; what it throws ends the work. The same results
 * give the same numbers, but for the order of latents whose means differ in their last digit, which follows the order of batches.
 * @throws GROUP_UNKNOWN, what `pause` and `batches` throw
 */
export async function aggregateOf(
  batches: Batches,
  prompts: readonly SetPrompt[],
  options: AggregateOptions,
  pause: () => Promise<void>
): Promise<Aggregate> {
  const rest = nowAndThen(pause)
  const overview = await overviewOf(batches, options.topK, rest)
  const { places, failed, counts } = overview
  const n = places.length
  const sides = options.groups && sidesOf(places, prompts, options.groups)
  const resamples = Math.max(FEWEST, Math.min(options.resamples, Math.floor(COUNTS / Math.max(1, n))))
  const compared = sides && (await comparisons(batches, overview, sides, rest))
  const order = inOrder(overview, compared)
  const whole = await drawsOf({ members: null, size: n }, n, resamples, options.seed, rest)
  const draws = sides && {
    first: await drawsOf(sides.first, n, resamples, options.seed + 1, rest),
    second: await drawsOf(sides.second, n, resamples, options.seed + 2, rest)
  }
  const latents: AggregateLatent[] = []
  for await (const column of columnsOf(batches, overview, order.slice(0, options.limit), rest)) {
    await rest()
    const { latent } = column
    const count = counts.get(latent)
    latents.push({
      latent,
      mean: meanOf(column, n, whole),
      active: (count?.active ?? 0) / n,
      inTop: (count?.inTop ?? 0) / n,
      maxActivation: count?.maxActivation ?? 0,
      difference: sides && draws && differenceOf(column, sides, draws),
      p: compared?.p.get(latent) ?? null,
      q: compared?.q.get(latent) ?? null
    })
  }
  const { topK, groups } = options
  const stability = await stabilityOf(batches, prompts, places, { ...options, resamples }, rest)
  return { prompts: n, failed, topK, groups: groups ? [...groups] : null, resamples, latents, total: counts.size, stability }
}

/** Pauses where `WORK` has passed since the last time. */
function nowAndThen(pause: () => Promise<void>): () => Promise<void> {
  let last = -Infinity
  return async () => {
    if (performance.now() - last < WORK) return
    await pause()
    last = performance.now()
  }
}

/** One of two groups that are compared. */
interface Side {
  /** Indices of its prompts among those with a result; null: all. */
  readonly members: readonly number[] | null
  readonly size: number
}

interface Sides {
  readonly first: Side
  readonly second: Side
  readonly inFirst: Uint8Array
  readonly inSecond: Uint8Array
}

function sidesOf(places: readonly number[], prompts: readonly SetPrompt[], [one, other]: readonly [string, string]): Sides {
  const side = (name: string): Side => {
    const members = places.flatMap((place, at) => (prompts[place]?.group === name ? [at] : []))
    const known = [...new Set(prompts.flatMap(({ group }) => (group === null ? [] : [group])))]
    if (members.length === 0) fail('GROUP_UNKNOWN', { group: name, groups: known.join(', ') || 'none' })
    return { members, size: members.length }
  }
  const [first, second] = [side(one), side(other)]
  const marks = ({ members }: Side): Uint8Array => {
    const marked = new Uint8Array(places.length)
    for (const at of members ?? []) marked[at] = 1
    return marked
  }
  return { first, second, inFirst: marks(first), inSecond: marks(second) }
}

/**
 * How often each of n prompts is in each resample of some of them, [resamples] of [n]. A byte is enough: to be drawn 256 times, a prompt
 * must win one in n 256 times of n, which has a chance of less than 1 / 256!.
 */
type Draws = readonly Uint8Array[]

async function drawsOf({ members, size }: Side, n: number, resamples: number, seed: number, rest: () => Promise<void>): Promise<Draws> {
  const random = randomStream(seed)
  const draws: Uint8Array[] = []
  for (let r = 0; r < resamples; r++) {
    await rest()
    const counts = new Uint8Array(n)
    for (let i = 0; i < size; i++) {
      const drawn = Math.floor(random() * size)
      const at = members ? (members[drawn] ?? 0) : drawn
      counts[at] = (counts[at] ?? 0) + 1
    }
    draws.push(counts)
  }
  return draws
}

/** Only prompts in which the latent is active add to a sum, so a resample costs as much as there are of these. */
function weightedSum({ at, score }: Column, counts: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < at.length; i++) sum += (counts[at[i] ?? 0] ?? 0) * (score[i] ?? 0)
  return sum
}

function meanOf(column: Column, n: number, draws: Draws): Interval {
  const [low, high] = tails(Float64Array.from(draws, (counts) => weightedSum(column, counts) / n))
  return { value: column.score.reduce((sum, score) => sum + score, 0) / n, low, high }
}

/** Mean of the first group minus mean of the second; each group is resampled within itself. */
function differenceOf(column: Column, { first, second, inFirst, inSecond }: Sides, draws: { first: Draws; second: Draws }): Interval {
  const of = (one: Uint8Array, other: Uint8Array): number =>
    weightedSum(column, one) / first.size - weightedSum(column, other) / second.size
  const [low, high] = tails(Float64Array.from(draws.first, (one, r) => of(one, draws.second[r] ?? inSecond)))
  return { value: of(inFirst, inSecond), low, high }
}

interface Compared {
  readonly p: ReadonlyMap<number, number>
  readonly q: ReadonlyMap<number, number>
}

/** Mann-Whitney p of every latent, and corrected for their number. */
async function comparisons(
  batches: Batches,
  overview: Overview,
  { first, second, inFirst, inSecond }: Sides,
  rest: () => Promise<void>
): Promise<Compared> {
  const p = new Map<number, number>()
  const latents = [...overview.counts.keys()].sort((a, b) => a - b)
  for await (const { latent, at, score } of columnsOf(batches, overview, latents, rest)) {
    await rest()
    const of = (marked: Uint8Array): Float32Array => score.filter((_, i) => marked[at[i] ?? 0] === 1)
    p.set(latent, mannWhitneyWithZeros(of(inFirst), first.size, of(inSecond), second.size))
  }
  const corrected = benjaminiHochberg([...p.values()])
  return { p, q: new Map([...p.keys()].map((latent, i) => [latent, corrected[i] ?? 1])) }
}

/** Latents by p where groups are compared, else by the size of the mean; then by id. */
function inOrder({ counts }: Overview, compared: Compared | null): number[] {
  const sorted = [...counts.values()].sort((a, b) => {
    const byP = compared ? (compared.p.get(a.latent) ?? 1) - (compared.p.get(b.latent) ?? 1) : 0
    return byP || Math.abs(b.sum) - Math.abs(a.sum) || a.latent - b.latent
  })
  return sorted.map(({ latent }) => latent)
}
