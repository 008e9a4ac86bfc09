/**
 * What a run over a prompt set says of each latent: mean score over prompts (0 where it is not active) with a bootstrap interval, how often
 * it is active and among the best, what separates two groups, and how much the best latents change between paraphrases.
 */
import { fail } from '../../shared/errors'
import type { Aggregate, AggregateLatent, Interval, SetPrompt, SetResult } from '../../shared/records/sets'
import { benjaminiHochberg } from './benjamini-hochberg'
import { meanInterval, tails } from './bootstrap'
import { mannWhitney } from './mann-whitney'
import { randomStream } from './random'
import { jaccardTop } from './rank-overlap'

export interface AggregateOptions {
  readonly topK: number
  readonly groups: readonly [string, string] | null
  readonly limit: number
  readonly resamples: number
  readonly seed: number
}

/** Numbers that the counts of all resamples together may take: 40 MB. Larger sets are resampled less often, and the record says how often. */
const COUNTS = 2e7
const FEWEST = 100
/** Pairs of prompts that are no paraphrases of one another. */
const OTHER_PAIRS = 2000
const LATENTS_BETWEEN_PAUSES = 50

/** A latent's scores, prompt by prompt; `at` counts prompts with a result. */
interface Column {
  readonly latent: number
  readonly at: number[]
  readonly score: number[]
  inTop: number
  maxActivation: number
}

/**
 * `pause` is awaited now and then, so that others are heard; what it throws ends the work. The same results in the same batches give the
 * same numbers. @throws GROUP_UNKNOWN, what `pause` throws
 */
export async function aggregateOf(
  batches: AsyncIterable<readonly SetResult[]>,
  prompts: readonly SetPrompt[],
  options: AggregateOptions,
  pause: () => Promise<void>
): Promise<Aggregate> {
  const { results, failed } = await collected(batches, pause)
  const columns = columnsOf(results, options.topK)
  const n = results.length
  const groups = options.groups && groupsOf(results, prompts, options.groups)
  const resamples = Math.max(FEWEST, Math.min(options.resamples, Math.floor(COUNTS / Math.max(1, n))))
  const draws = { whole: countsOf(everyOne(n), n, resamples, options.seed), first: null, second: null } as Draws
  if (groups) {
    draws.first = countsOf(groups[0], n, resamples, options.seed + 1)
    draws.second = countsOf(groups[1], n, resamples, options.seed + 2)
  }
  const compared = groups && (await comparisons(columns, groups, n, pause))
  const order = inOrder(columns, n, compared)
  const latents: AggregateLatent[] = []
  for (const at of order.slice(0, options.limit)) {
    const column = columns[at]
    if (!column) continue
    if (latents.length % LATENTS_BETWEEN_PAUSES === 0) await pause()
    latents.push({
      latent: column.latent,
      mean: meanOf(column, n, draws.whole, n),
      active: column.at.length / Math.max(1, n),
      inTop: column.inTop / Math.max(1, n),
      maxActivation: column.maxActivation,
      difference: groups ? differenceOf(column, groups, draws) : null,
      p: compared?.p[at] ?? null,
      q: compared?.q[at] ?? null
    })
  }
  return {
    prompts: n,
    failed,
    topK: options.topK,
    groups: options.groups ? [...options.groups] : null,
    resamples,
    latents,
    total: columns.length,
    stability: stabilityOf(results, prompts, options)
  }
}

/** Results in the order of the set, whatever order batches came in. */
async function collected(
  batches: AsyncIterable<readonly SetResult[]>,
  pause: () => Promise<void>
): Promise<{ results: SetResult[]; failed: number }> {
  const all: SetResult[] = []
  for await (const batch of batches) {
    all.push(...batch)
    await pause()
  }
  const results = all.filter(({ error }) => error === null).sort((a, b) => a.index - b.index)
  return { results, failed: all.length - results.length }
}

function columnsOf(results: readonly SetResult[], topK: number): Column[] {
  const byLatent = new Map<number, Column>()
  results.forEach(({ latent, score, maxActivation }, at) => {
    latent.forEach((one, rank) => {
      const column = byLatent.get(one) ?? { latent: one, at: [], score: [], inTop: 0, maxActivation: 0 }
      byLatent.set(one, column)
      column.at.push(at)
      column.score.push(score[rank] ?? 0)
      column.maxActivation = Math.max(column.maxActivation, maxActivation[rank] ?? 0)
      if (rank < topK) column.inTop += 1
    })
  })
  return [...byLatent.values()].sort((a, b) => a.latent - b.latent)
}

const everyOne = (n: number): number[] => Array.from({ length: n }, (_, at) => at)

type Groups = readonly [number[], number[]]

function groupsOf(results: readonly SetResult[], prompts: readonly SetPrompt[], names: readonly [string, string]): Groups {
  const known = [...new Set(prompts.flatMap(({ group }) => (group === null ? [] : [group])))]
  const places = (name: string): number[] => {
    const found = results.flatMap(({ index }, at) => (prompts[index]?.group === name ? [at] : []))
    return found.length > 0 ? found : fail('GROUP_UNKNOWN', { group: name, groups: known.join(', ') || 'none' })
  }
  return [places(names[0]), places(names[1])]
}

/** How often each prompt is in each resample of `members`: [resamples] of [n]. */
type Counts = readonly Uint16Array[]
interface Draws {
  whole: Counts
  first: Counts | null
  second: Counts | null
}

function countsOf(members: readonly number[], n: number, resamples: number, seed: number): Counts {
  const random = randomStream(seed)
  return Array.from({ length: resamples }, () => {
    const counts = new Uint16Array(n)
    for (let i = 0; i < members.length; i++) {
      const at = members[Math.floor(random() * members.length)] ?? 0
      counts[at] = (counts[at] ?? 0) + 1
    }
    return counts
  })
}

/** Only prompts in which the latent is active add to a sum, so a resample costs as much as there are of these. */
function weightedSum({ at, score }: Column, counts: Uint16Array): number {
  let sum = 0
  for (let i = 0; i < at.length; i++) sum += (counts[at[i] ?? 0] ?? 0) * (score[i] ?? 0)
  return sum
}

function meanOf(column: Column, size: number, draws: Counts, n: number): Interval {
  if (n === 0) return { value: 0, low: 0, high: 0 }
  const [low, high] = tails(Float64Array.from(draws, (counts) => weightedSum(column, counts) / size))
  return { value: column.score.reduce((sum, score) => sum + score, 0) / size, low, high }
}

/** Mean of the first group minus mean of the second; each group is resampled within itself. */
function differenceOf(column: Column, [first, second]: Groups, draws: Draws): Interval {
  const mean = (counts: Uint16Array | undefined, size: number): number => (counts ? weightedSum(column, counts) / size : 0)
  const once = (members: readonly number[]): Uint16Array => {
    const counts = new Uint16Array(Math.max(...members) + 1)
    for (const at of members) counts[at] = 1
    return counts
  }
  const value = mean(once(first), first.length) - mean(once(second), second.length)
  const each = Float64Array.from(
    { length: draws.whole.length },
    (_, r) => mean(draws.first?.[r], first.length) - mean(draws.second?.[r], second.length)
  )
  const [low, high] = tails(each)
  return { value, low, high }
}

/** Mann-Whitney p of every latent, and corrected for their number. */
async function comparisons(
  columns: readonly Column[],
  [first, second]: Groups,
  n: number,
  pause: () => Promise<void>
): Promise<{ p: Float64Array; q: Float64Array }> {
  const p = new Float64Array(columns.length)
  const dense = new Float64Array(n)
  for (const [index, { at, score }] of columns.entries()) {
    if (index % LATENTS_BETWEEN_PAUSES === 0) await pause()
    dense.fill(0)
    at.forEach((place, i) => (dense[place] = score[i] ?? 0))
    const of = (members: readonly number[]): Float64Array => Float64Array.from(members, (place) => dense[place] ?? 0)
    p[index] = mannWhitney(of(first), of(second))
  }
  return { p, q: benjaminiHochberg(p) }
}

/** Places of columns: by p where groups are compared, else by the size of the mean; then by latent. */
function inOrder(columns: readonly Column[], n: number, compared: { p: Float64Array } | null): number[] {
  const size = columns.map(({ score }) => Math.abs(score.reduce((sum, one) => sum + one, 0)) / Math.max(1, n))
  const by = (a: number, b: number): number =>
    (compared ? (compared.p[a] ?? 1) - (compared.p[b] ?? 1) : 0) || (size[b] ?? 0) - (size[a] ?? 0)
  return columns.map((_, at) => at).sort((a, b) => by(a, b) || a - b)
}

/**
 * Mean Jaccard overlap of the best k of two prompts. Of paraphrases: the mean over the pairs of a family, families resampled. Of others:
 * disjoint random pairs from different families, pairs resampled.
 */
function stabilityOf(
  results: readonly SetResult[],
  prompts: readonly SetPrompt[],
  { topK, resamples, seed }: AggregateOptions
): Aggregate['stability'] {
  const families = new Map<string, SetResult[]>()
  for (const result of results) {
    const family = prompts[result.index]?.paraphrase ?? null
    if (family !== null) families.set(family, [...(families.get(family) ?? []), result])
  }
  const several = [...families.values()].filter((family) => family.length > 1)
  if (several.length === 0) return null
  const overlap = (a: SetResult, b: SetResult): number => jaccardTop([...a.latent.subarray(0, topK)], [...b.latent.subarray(0, topK)], topK)
  const within = several.map((family) => {
    const pairs = family.flatMap((a, i) => family.slice(i + 1).map((b) => overlap(a, b)))
    return pairs.reduce((sum, one) => sum + one, 0) / pairs.length
  })
  const random = randomStream(seed + 3)
  const shuffled = results.map((result) => ({ result, key: random() })).sort((a, b) => a.key - b.key)
  const between: number[] = []
  for (let at = 0; at + 1 < shuffled.length && between.length < OTHER_PAIRS; at += 2) {
    const [a, b] = [shuffled[at]?.result, shuffled[at + 1]?.result]
    if (!a || !b) continue
    const [one, other] = [prompts[a.index]?.paraphrase ?? null, prompts[b.index]?.paraphrase ?? null]
    if (one === null || one !== other) between.push(overlap(a, b))
  }
  return { paraphrases: meanInterval(within, resamples, seed), others: meanInterval(between, resamples, seed), families: several.length }
}
