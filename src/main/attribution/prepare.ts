/** What ranking and exact check share: prompts read, the SAE applied, the hook values a method writes. Several prompts at once, or one. */
import { assert } from '../../shared/errors'
import type { ActiveLatents } from '../saes'
import { hookValuesOf, type Bench, type HookValues } from './bench'
import type { Checked } from './check'

/** A request whose prompt has been read. */
export interface Prepared extends Checked {
  /** The model's own hook values. */
  readonly own: HookValues
  /** Latents active on the prompt, or with a counterfactual on either prompt. */
  readonly active: ActiveLatents
  /** What the method writes at the hook point, [positions, d_out]. */
  readonly substituted: Float32Array
  /** The counterfactual's activations of the same latents, [positions, U], and what it would write; null without one. */
  readonly patch: { readonly Z: Float32Array; readonly substituted: Float32Array } | null
}

/** Positions that are encoded together: enough to fill the machine, few enough that a prompt does not look through the others' latents. */
const ENCODED = 128

/**
 * Reads the prompts: one run of the prefix for all of them, and one of the encoder for about every `ENCODED` positions. Their positions
 * together take positions x d_model numbers; the caller bounds them. @throws SAE_TOO_WIDE, NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function prepareAll(bench: Bench, requests: readonly Checked[]): Promise<Prepared[]> {
  const values = await hookValuesOf(bench, requests.flatMap(textsOf))
  const prepared: Prepared[] = []
  let text = 0
  for (const group of groupsOf(requests)) {
    const texts = group.flatMap(textsOf).length
    prepared.push(...(await encoded(bench, group, values.slice(text, text + texts))))
    text += texts
  }
  return prepared
}

/** The prompt, and the counterfactual where there is one. */
const textsOf = ({ plan, other }: Checked): (readonly number[])[] => (other === null ? [plan.ids] : [plan.ids, other])

const positionsOf = (request: Checked): number => textsOf(request).reduce((sum, ids) => sum + ids.length, 0)

/** The requests in their order, in groups of at most `ENCODED` positions or of one request. */
function groupsOf(requests: readonly Checked[]): Checked[][] {
  const groups: Checked[][] = []
  let room = 0
  for (const request of requests) {
    const positions = positionsOf(request)
    const last = groups.at(-1)
    const fits = last !== undefined && positions <= room
    if (fits) last.push(request)
    else groups.push([request])
    room = (fits ? room : ENCODED) - positions
  }
  return groups
}

/** Encodes the texts of `requests` in one run and hands each request its own; `values` are the texts' hook values in their order. */
async function encoded(bench: Bench, requests: readonly Checked[], values: readonly HookValues[]): Promise<Prepared[]> {
  const joined = await bench.encoder.encode(
    concatenated(values.map(({ input }) => input)),
    requests.reduce((sum, request) => sum + positionsOf(request), 0),
    concatenated(values.map(({ value }) => value))
  )
  let [text, first] = [0, 0]
  return requests.map((checked) => {
    const length = checked.plan.ids.length
    const both = checked.other === null ? 1 : 2
    const latents = activeBetween(joined, first, both * length)
    const active = part(joined, first, length, latents)
    const own = values[text]
    const second = both === 2 ? values[text + 1] : undefined
    assert(own, 'every text has hook values')
    const patched = second ? part(joined, first + length, length, latents) : null
    text += both
    first += both * length
    return {
      ...checked,
      own,
      active,
      substituted: written(checked, active, own),
      patch: patched && second ? { Z: patched.Z, substituted: written(checked, patched, second) } : null
    }
  })
}

/** Reconstruction plus error is the hook value itself; taking it from there spares a rounding. */
function written({ substitution }: Checked, active: ActiveLatents, own: HookValues): Float32Array {
  return substitution === 'reconstruction' ? active.reconstruction : own.value
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const [only] = parts
  if (parts.length === 1 && only) return only
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const values of parts) {
    out.set(values, at)
    at += values.length
  }
  return out
}

/** Places, among the active latents, of those that are active at one of `count` positions from `first`. */
function activeBetween({ latents, Z }: ActiveLatents, first: number, count: number): number[] {
  const U = latents.length
  const seen = new Uint8Array(U)
  for (let position = first; position < first + count; position++) {
    const row = position * U
    for (let u = 0; u < U; u++) if ((Z[row + u] ?? 0) > 0) seen[u] = 1
  }
  return Array.from(seen, (flag, u) => (flag === 1 ? u : -1)).filter((u) => u >= 0)
}

/** The positions `first` .. `first + count - 1` alone, with the latents at the places `kept`. */
function part(active: ActiveLatents, first: number, count: number, kept: readonly number[]): ActiveLatents {
  if (count === active.positions && kept.length === active.latents.length) return active
  const { d_out, latents, Z, rows, skip } = active
  const [U, last] = [latents.length, first + count]
  const cut = (values: Float32Array): Float32Array => values.slice(first * d_out, last * d_out)
  const keptZ = new Float32Array(count * kept.length)
  const keptRows = new Float32Array(kept.length * d_out)
  kept.forEach((u, at) => keptRows.set(rows.subarray(u * d_out, (u + 1) * d_out), at * d_out))
  for (let position = 0; position < count; position++) {
    const [from, to] = [(first + position) * U, position * kept.length]
    for (let at = 0; at < kept.length; at++) keptZ[to + at] = Z[from + (kept[at] ?? 0)] ?? 0
  }
  return {
    ...active,
    positions: count,
    latents: Int32Array.from(kept, (u) => latents[u] ?? 0),
    Z: keptZ,
    rows: keptRows,
    reconstruction: cut(active.reconstruction),
    error: cut(active.error),
    tokenScale: active.tokenScale.slice(first, last),
    tokenShift: active.tokenShift.slice(first, last),
    skip: skip && cut(skip)
  }
}

/**
 * The start of the path whose end is what the method writes: at counted positions what the decoder writes with no latent active, plus the
 * error where it is kept, or the counterfactual's values. Not the values less every latent, which would leave the rounding of what cancels.
 * [positions, d_out]
 */
export function baseOf({ active, counted, substitution, substituted, patch }: Prepared): Float32Array {
  const { d_out, bias, tokenScale, tokenShift, skip, error } = active
  const base = substituted.slice()
  counted.forEach((counts, position) => {
    if (!counts) return
    const start = position * d_out
    if (patch) return base.set(patch.substituted.subarray(start, start + d_out), start)
    const [scale, shift] = [tokenScale[position] ?? 1, tokenShift[position] ?? 0]
    for (let i = 0; i < d_out; i++) {
      const kept = substitution === 'reconstruction' ? 0 : (error[start + i] ?? 0)
      base[start + i] = scale * (bias[i] ?? 0) + shift + (skip?.[start + i] ?? 0) + kept
    }
  })
  return base
}
