/** A bench whose numbers at the hook point have the precision of a smaller format: what is read there, and gradients. Weights stay float32. */
import type { Bench } from '../attribution'
import { isCacheEntry } from '../models'
import type { Session, Tensor } from '../runtime/types'

/** bits: of the significand, the leading one included; smallest: the exponent of the smallest normal number; largest: the largest one. */
const FORMATS = {
  bfloat16: { bits: 8, smallest: -126, largest: 3.3895313892515355e38 },
  float16: { bits: 11, smallest: -14, largest: 65504 }
} as const

export type Format = keyof typeof FORMATS
export const FORMAT_NAMES: readonly Format[] = ['bfloat16', 'float16']

/** The nearest number of the format, halves to even as processors round; beyond the largest one, that. */
export function roundTo(format: Format, value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value
  const { bits, smallest, largest } = FORMATS[format]
  const exponent = Math.max(smallest, Math.floor(Math.log2(Math.abs(value))))
  const step = 2 ** (exponent - bits + 1)
  const rounded = halfToEven(value / step) * step
  return Math.max(-largest, Math.min(largest, rounded))
}

function halfToEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  if (rest !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
}

/** The same bench with hook values, and gradients of hook values, rounded. It shares the sessions of `bench`, which stays as it is. */
export function roundedBench(bench: Bench, format: Format): Bench {
  const rounded = (tensor: Tensor): Tensor =>
    tensor.data instanceof Float32Array ? { ...tensor, data: tensor.data.map((value) => roundTo(format, value)) } : tensor
  const wrapped = (session: Session): Session => ({
    device: session.device,
    release: () => session.release(),
    async run(feeds, fetch) {
      const outputs = await session.run(feeds, fetch)
      return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, isCacheEntry(name) ? tensor : rounded(tensor)]))
    }
  })
  const { sessions } = bench
  return {
    ...bench,
    sessions: {
      ...sessions,
      segment: async (spec) => (spec.from === 'tokens' ? wrapped(await sessions.segment(spec)) : sessions.segment(spec))
    },
    async gradient(kind) {
      const session = await bench.gradient(kind)
      return {
        device: session.device,
        release: () => session.release(),
        async run(request) {
          const found = await session.run(request)
          return { ...found, gradient: found.gradient.map((value) => roundTo(format, value)) }
        }
      }
    }
  }
}
