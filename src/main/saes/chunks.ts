/**
 * Positions in turn: dense activations [positions, d_sae] live inside the runtime, and there for a bounded number of positions at once.
 * What comes out of each turn is put together as if it had been one.
 */
import { f32, floatsOf, integersOf } from '../runtime'
import type { Feeds, Session } from '../runtime/types'
import type { ActiveLatents, Sae } from './types'

/** What some positions came to. An encoder that does not decode leaves rows, reconstruction and error to its caller. */
export interface Joined extends Omit<ActiveLatents, 'rows' | 'reconstruction' | 'error'> {
  readonly rows: Float32Array | null
  readonly reconstruction: Float32Array | null
  readonly error: Float32Array | null
}

export interface Chunk extends Joined {
  /** Whether a number was NaN that the gate has turned into 0. */
  readonly broken: boolean
}

export interface ChunkRequest {
  /** [positions, d_in] */
  readonly input: Float32Array
  /** [positions, d_out] */
  readonly target: Float32Array
  /** Whether the encoder takes the target: transcoders that decode. */
  readonly told: boolean
  readonly positions: number
  readonly atOnce: number
}

/** Runs the encoder over the positions, `atOnce` at a time. @throws RUNTIME_FAILED, OUT_OF_MEMORY */
export async function encodeChunks(session: Session, sae: Sae, { input, target, told, positions, atOnce }: ChunkRequest): Promise<Chunk[]> {
  const { d_in, d_out } = sae
  const chunks: Chunk[] = []
  for (let first = 0; first === 0 || first < positions; first += atOnce) {
    const count = Math.min(atOnce, positions - first)
    const part = (values: Float32Array, width: number): Float32Array => values.subarray(first * width, (first + count) * width)
    const feeds: Feeds = { resid: f32([count, d_in], part(input, d_in)) }
    const outputs = await session.run(told ? { ...feeds, target: f32([count, d_out], part(target, d_out)) } : feeds)
    const optional = (name: string): Float32Array | null => (outputs[name] ? floatsOf(outputs, name) : null)
    chunks.push({
      positions: count,
      d_out,
      latents: Int32Array.from(integersOf(outputs, 'latents')),
      Z: floatsOf(outputs, 'Z'),
      rows: optional('rows'),
      reconstruction: optional('reconstruction'),
      error: optional('error'),
      tokenScale: floatsOf(outputs, 'tokenScale'),
      tokenShift: floatsOf(outputs, 'tokenShift'),
      bias: floatsOf(outputs, 'bias'),
      skip: optional('skip'),
      broken: floatsOf(outputs, 'check').some(Number.isNaN)
    })
  }
  return chunks
}

/** Latents active in any of the chunks, ascending. */
export function latentsOf(chunks: readonly Chunk[]): Int32Array {
  const [only] = chunks
  if (chunks.length === 1 && only) return only.latents
  return Int32Array.from(new Set(chunks.flatMap(({ latents }) => [...latents]))).sort()
}

/** The chunks as one, `latents` being those active in any of them. */
export function joined(chunks: readonly Chunk[], latents: Int32Array): Joined {
  const [only] = chunks
  if (chunks.length === 1 && only) return only
  const positions = chunks.reduce((sum, chunk) => sum + chunk.positions, 0)
  const d_out = only?.d_out ?? 0
  const placeOf = new Map(Array.from(latents, (latent, u) => [latent, u]))
  const Z = new Float32Array(positions * latents.length)
  const rows = only?.rows ? new Float32Array(latents.length * d_out) : null
  let first = 0
  for (const chunk of chunks) {
    const places = chunk.latents.map((latent) => placeOf.get(latent) ?? 0)
    const width = places.length
    for (let p = 0; p < chunk.positions; p++) {
      const [from, to] = [p * width, (first + p) * latents.length]
      for (let own = 0; own < width; own++) Z[to + (places[own] ?? 0)] = chunk.Z[from + own] ?? 0
    }
    places.forEach((u, own) => {
      if (rows && chunk.rows) rows.set(chunk.rows.subarray(own * d_out, (own + 1) * d_out), u * d_out)
    })
    first += chunk.positions
  }
  const each = (part: (chunk: Chunk) => Float32Array | null): Float32Array | null => {
    const parts = chunks.map(part)
    return parts.every((one) => one !== null) ? concatenated(parts) : null
  }
  return {
    positions,
    d_out,
    latents,
    Z,
    rows,
    reconstruction: each(({ reconstruction }) => reconstruction),
    error: each(({ error }) => error),
    tokenScale: concatenated(chunks.map(({ tokenScale }) => tokenScale)),
    tokenShift: concatenated(chunks.map(({ tokenShift }) => tokenShift)),
    bias: only?.bias ?? new Float32Array(d_out),
    skip: each(({ skip }) => skip)
  }
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
