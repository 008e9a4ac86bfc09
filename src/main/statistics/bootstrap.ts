/**
 * Percentile bootstrap (Efron 1979): a statistic's 95 % interval from the 2.5th to the 97.5th percentile of its values on samples drawn
 * from the data with replacement. Seeded, so that a table comes out the same whenever it is made.
 */
import type { Interval } from '../../shared/records/sets'
import { randomStream } from './random'

export const RESAMPLES = 1000
const TAIL = 0.025

/** Indices into n things, drawn with replacement `resamples` times: [resamples] of [n]. All statistics of one table share them. */
export function resamplesOf(n: number, resamples: number, seed: number): Int32Array[] {
  const random = randomStream(seed)
  return Array.from({ length: resamples }, () => Int32Array.from({ length: n }, () => Math.floor(random() * n)))
}

/** The mean of `values` with its interval; all three are the value itself where there is but one, and 0 where there is none. */
export function meanInterval(values: ArrayLike<number>, resamples = RESAMPLES, seed = 0): Interval {
  return intervalOf((sample) => meanAt(values, sample), values.length, resamplesOf(values.length, resamples, seed))
}

/** The mean difference first - second of paired values, with its interval: pairs are resampled together. */
export function pairedDifference(first: ArrayLike<number>, second: ArrayLike<number>, resamples = RESAMPLES, seed = 0): Interval {
  if (first.length !== second.length) throw new Error('paired values come in pairs')
  return meanInterval(
    Float64Array.from({ length: first.length }, (_, i) => (first[i] ?? 0) - (second[i] ?? 0)),
    resamples,
    seed
  )
}

/** Any statistic of n things with its interval: `statistic` is given the indices of a sample. */
export function intervalOf(statistic: (sample: ArrayLike<number>) => number, n: number, samples: readonly Int32Array[]): Interval {
  if (n === 0) return { value: 0, low: 0, high: 0 }
  const value = statistic(Int32Array.from({ length: n }, (_, i) => i))
  const [low, high] = tails(Float64Array.from(samples, statistic))
  return { value, low, high }
}

/** The 2.5th and 97.5th percentile, linear between neighbours; sorts in place. */
export function tails(values: Float64Array): [low: number, high: number] {
  values.sort()
  return [quantile(values, TAIL), quantile(values, 1 - TAIL)]
}

/** The q-th quantile of ascending values, linear between neighbours. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  const at = q * (ascending.length - 1)
  const [below, above] = [ascending[Math.floor(at)] ?? 0, ascending[Math.ceil(at)] ?? 0]
  return below + (at - Math.floor(at)) * (above - below)
}

function meanAt(values: ArrayLike<number>, sample: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < sample.length; i++) sum += values[sample[i] ?? 0] ?? 0
  return sample.length === 0 ? 0 : sum / sample.length
}
