/** Where numbers stand on an axis: evenly, or by their logarithm with a place of its own for 0, which no logarithmic axis has. */

export interface NumberScale {
  /** Place of a number on the axis. */
  place(value: number): number
  /** The number at a place. */
  back(place: number): number
  readonly min: number
  readonly max: number
  /** Places of the axis' labels. */
  readonly ticks: number[]
}

/** Decades between 0's place and the smallest positive number. */
const ZERO_GAP = 0.5
/** Digits that survive the way to a logarithm and back. */
const DIGITS = 12
/** At most this many different numbers are labelled one by one. */
const FEW = 9

/** The scale for `values`. Logarithmic only where some are positive and none is negative. */
export function numberScale(values: readonly number[], logarithmic: boolean): NumberScale {
  const known = [...new Set(values)].sort((a, b) => a - b)
  const first = known[0] ?? 0
  const last = known[known.length - 1] ?? 1
  const positive = known.find((value) => value > 0)
  if (!logarithmic || positive === undefined || first < 0 || positive === last) return even(known, first, last)
  const zero = Math.log10(positive) - ZERO_GAP
  const place = (value: number): number => (value > 0 ? Math.log10(value) : zero)
  const decades = powersBetween(positive, last)
  const labelled = known.length <= FEW || decades.length < 2 ? known : [...(first === 0 ? [0] : []), ...decades]
  return {
    place,
    back: (at) => (at < zero + ZERO_GAP / 2 && first === 0 ? 0 : Number((10 ** at).toPrecision(DIGITS))),
    min: place(first),
    max: place(last),
    ticks: labelled.map(place)
  }
}

function even(known: readonly number[], first: number, last: number): NumberScale {
  const room = last > first ? 0 : 0.5
  return {
    place: (value) => value,
    back: (at) => at,
    min: first - room,
    max: last + room,
    ticks: known.length <= FEW ? [...known] : steps(first, last)
  }
}

/** Round numbers from `first` to `last`, about five of them. */
function steps(first: number, last: number): number[] {
  const rough = (last - first) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const from = Math.ceil(first / step)
  const count = Math.floor(last / step + 1e-9) - from + 1
  return Array.from({ length: Math.max(0, count) }, (_, at) => Number(((from + at) * step).toPrecision(12)))
}

function powersBetween(first: number, last: number): number[] {
  const from = Math.ceil(Math.log10(first) - 1e-9)
  const to = Math.floor(Math.log10(last) + 1e-9)
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => 10 ** (from + at))
}
