/** Intervals of many means over the same prompts, and numbers with intervals in words. */
import type { Interval } from '../../shared/records/sets'
import { intervalOf, resamplesOf } from '../statistics/bootstrap'

/** Means over n prompts, with their intervals. */
export interface Bootstrap {
  /** Mean of one number per prompt; null where there are no prompts. */
  mean(values: readonly number[]): Interval | null
  /** Mean of first - second, of pairs that are resampled together. */
  difference(first: readonly number[], second: readonly number[]): Interval | null
  /** Sum of the first over sum of the second, pairs resampled together: prompts weigh by the size of what they are compared with. */
  ratio(first: readonly number[], second: readonly number[]): Interval | null
}

/** The prompts resampled once; every mean shares the resamples, so that numbers of one result belong together. */
export function bootstrapOf(n: number, { resamples, seed }: { readonly resamples: number; readonly seed: number }): Bootstrap {
  const samples = resamplesOf(n, resamples, seed)
  const mean = (values: readonly number[]): Interval | null => {
    if (n === 0) return null
    const own = Float64Array.from(values)
    const meanAt = (sample: ArrayLike<number>): number => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += own[sample[i] ?? 0] ?? 0
      return sum / n
    }
    return intervalOf(meanAt, n, samples)
  }
  const ratio = (first: readonly number[], second: readonly number[]): Interval | null => {
    if (n === 0 || sumOf(second) === 0) return null
    const at = (sample: ArrayLike<number>): number => {
      let above = 0
      let below = 0
      for (let i = 0; i < n; i++) {
        above += first[sample[i] ?? 0] ?? 0
        below += second[sample[i] ?? 0] ?? 0
      }
      return above / below
    }
    const found = intervalOf(at, n, samples)
    return Number.isFinite(found.low) && Number.isFinite(found.high) ? found : null
  }
  return { mean, ratio, difference: (first, second) => mean(first.map((value, at) => value - (second[at] ?? 0))) }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** All numbers of an interval times `factor`. */
export function scaled(interval: Interval | null, factor: number): Interval | null {
  return interval && { value: interval.value * factor, low: interval.low * factor, high: interval.high * factor }
}

/** "12.3 (10.1 to 14.0)"; "none" of nothing. */
export function words(interval: Interval | null, digits = 1): string {
  if (interval === null) return 'none'
  const [value = '', low = '', high = ''] = [interval.value, interval.low, interval.high].map((number) => signed(number, digits))
  return `${value} (${low} to ${high})`
}

function signed(number: number, digits: number): string {
  const text = number.toFixed(digits)
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace('-', '−')
}

/** Mean of some numbers; null of none. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
