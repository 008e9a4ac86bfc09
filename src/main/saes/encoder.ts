/** Running an SAE: hook values in, active latents out; and what an edit of them does to the reconstruction. */
import { assert, fail } from '../../shared/errors'
import type { Device } from '../../shared/records/model'
import { allFinite, normOf } from '../runtime'
import type { OpenSession, Session } from '../runtime/types'
import { encodeChunks, joined, latentsOf, type Joined } from './chunks'
import { buildEncoder, needsNorms } from './encoder-graph'
import { decoderNorms, decoderRows, readWeight } from './read'
import type { ActiveLatents, Sae } from './types'

/** What encoding may take in memory, and when an SAE is run lean. In numbers, of four bytes each. */
export interface EncoderLimits {
  /** Z and rows of one prompt together. */
  readonly active: number
  /** Dense activations [positions, d_sae] inside the runtime, of which there are several at once; more positions are encoded in turn. */
  readonly dense: number
  /** An SAE whose W_enc has more is run lean: GPT-2 small's with 131,072 latents has 2^26.6, Gemma-2 2B's with 65,536 has 2^27.2. */
  readonly whole: number
}

const LIMITS: EncoderLimits = { active: 2 ** 27, dense: 2 ** 23, whole: 2 ** 27 }

/** Decoder rows of some latents, each [d_out]. */
export interface Directions {
  /** W_dec[latent] as stored. */
  readonly raw: ReadonlyMap<number, Float32Array>
  /** What one unit of activation adds to the reconstruction, before the position's own factor. */
  readonly decoded: ReadonlyMap<number, Float32Array>
}

/** An SAE whose session is loaded. */
export interface Encoder {
  readonly sae: Sae
  readonly device: Session['device']
  /**
   * `input` is what the SAE reads, [positions, d_in]; `target` what it stands for, [positions, d_out], which only a transcoder needs to
   * be told. @throws SAE_TOO_WIDE, NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY
   */
  encode(input: Float32Array, positions: number, target?: Float32Array): Promise<ActiveLatents>
  release(): Promise<void>
}

/** Loads the SAE. @throws what reading its decoder may, RUNTIME_FAILED, OUT_OF_MEMORY */
export async function createEncoder(
  openSession: OpenSession,
  sae: Sae,
  device: Device,
  given: Partial<EncoderLimits> = {}
): Promise<Encoder> {
  if (sae.openQuestions.includes('scale')) fail('SAE_NEEDS_SCALE', { path: sae.path })
  const limits = { ...LIMITS, ...given }
  const norms = needsNorms(sae) ? await decoderNorms(sae) : null
  const lean = isLean(sae, limits.whole)
  const decodes = !lean || sae.decoderByOutput
  const graph = buildEncoder(sae, { norms, lean, decodes })
  const session = await openSession(graph, { folder: sae.folder, device, doing: `loading the SAE ${sae.name}`, lean })
  return {
    sae,
    device: session.device,
    async encode(input, positions, target) {
      const wanted = sae.hookOut === null ? input : targetOf(sae, target)
      const chunks = await encodeChunks(session, sae, {
        input,
        target: wanted,
        told: decodes && sae.hookOut !== null,
        positions,
        atOnce: atOnce(sae, limits)
      })
      const latents = latentsOf(chunks)
      const limit = Math.floor(limits.active / (positions + sae.d_out))
      if (latents.length > limit) fail('SAE_TOO_WIDE', { active: latents.length, sae: sae.name, limit })
      const found = joined(chunks, latents)
      const active = isWhole(found) ? found : await reconstructed(sae, found, norms, wanted)
      // The error is finite only where the hook values and the reconstruction are; the check sees what the gate hides.
      const broken = chunks.some((chunk) => chunk.broken)
      if (broken || !allFinite(active.error)) fail('NUMBERS_NOT_FINITE', { doing: `encoding with the SAE ${sae.name}` })
      return active
    },
    release: () => session.release()
  }
}

/**
 * Whether the SAE is run lean: its matrices are used where their file is mapped, without a packed or converted copy, and where decoder
 * rows lie in one piece only the active ones are read. Scattered ones, columns in the file, are gathered from the mapped file.
 */
export function isLean({ d_in, d_sae }: Pick<Sae, 'd_in' | 'd_sae'>, whole = LIMITS.whole): boolean {
  return d_in * d_sae > whole
}

function atOnce({ d_sae }: Sae, { dense }: EncoderLimits): number {
  return Math.max(1, Math.floor(dense / d_sae))
}

function isWhole(found: Joined): found is Joined & ActiveLatents {
  return found.rows !== null
}

/** Reads the active decoder rows, reconstructs from them, and takes the error. */
async function reconstructed(sae: Sae, found: Joined, norms: Float32Array | null, target: Float32Array): Promise<ActiveLatents> {
  const rows = await decoderRows(sae, [...found.latents])
  const factors = await factorsOf(sae, [...found.latents], (latent) => norms?.[latent] ?? 1)
  for (let u = 0; u < found.latents.length; u++) {
    const factor = factors[u] ?? 1
    if (factor !== 1) for (let i = u * sae.d_out; i < (u + 1) * sae.d_out; i++) rows[i] = (rows[i] ?? 0) * factor
  }
  const reconstruction = decode({ ...found, rows }, found.Z)
  return { ...found, rows, reconstruction, error: target.map((value, i) => value - (reconstruction[i] ?? 0)) }
}

/** What each latent's decoder row is multiplied by in decode: the finetuning factor, the output's scale, the inverse norm. */
async function factorsOf(sae: Sae, latents: readonly number[], normOf: (latent: number) => number): Promise<Float64Array> {
  const tuned = sae.weights.has('decode_scale') ? await readWeight(sae, 'decode_scale') : null
  const normed = sae.gate.kind === 'topk' && sae.gate.byDecoderNorm
  return Float64Array.from(latents, (latent) => (tuned?.[latent] ?? 1) / sae.outScale / (normed ? normOf(latent) || 1 : 1))
}

function targetOf(sae: Sae, target: Float32Array | undefined): Float32Array {
  assert(target, `the transcoder ${sae.name} is told what it stands for`)
  return target
}

/** Place of `latent` among the active ones, or -1. */
export function indexOfLatent({ latents }: ActiveLatents, latent: number): number {
  let [low, high] = [0, latents.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = latents[middle] ?? -1
    if (found === latent) return middle
    if (found < latent) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** Activation of `latent` at `position`; 0 where it is not active. */
export function activationOf(active: ActiveLatents, position: number, latent: number): number {
  const u = indexOfLatent(active, latent)
  return u < 0 ? 0 : (active.Z[position * active.latents.length + u] ?? 0)
}

/**
 * The reconstruction [positions, d_out] of edited activations `Z` [positions, U]. Sums run in float64 over the active latents only and
 * are rounded once, which is both exact and, at a few dozen active latents per position, quicker than a dense product.
 */
export function decode(active: Omit<ActiveLatents, 'reconstruction' | 'error'>, Z: Float32Array): Float32Array {
  const { positions, d_out, latents, rows, bias, tokenScale, tokenShift, skip } = active
  const out = new Float32Array(positions * d_out)
  const sum = new Float64Array(d_out)
  for (let position = 0; position < positions; position++) {
    sum.set(bias)
    for (let u = 0; u < latents.length; u++) {
      const z = Z[position * latents.length + u] ?? 0
      if (z === 0) continue
      for (let i = 0; i < d_out; i++) sum[i] = (sum[i] ?? 0) + z * (rows[u * d_out + i] ?? 0)
    }
    const [scale, shift] = [tokenScale[position] ?? 1, tokenShift[position] ?? 0]
    for (let i = 0; i < d_out; i++) out[position * d_out + i] = scale * (sum[i] ?? 0) + shift + (skip?.[position * d_out + i] ?? 0)
  }
  return out
}

/**
 * Decoder rows of any latents, active or not, read from disk one by one.
 * @throws LATENT_UNKNOWN, and what reading the file may throw
 */
export async function readDirections(sae: Sae, latents: readonly number[]): Promise<Directions> {
  const wanted = [...new Set(latents)]
  const unknown = wanted.find((latent) => !Number.isInteger(latent) || latent < 0 || latent >= sae.d_sae)
  if (unknown !== undefined) fail('LATENT_UNKNOWN', { sae: sae.name, latent: unknown, last: sae.d_sae - 1 })
  const rows = await decoderRows(sae, wanted)
  const raw = new Map(wanted.map((latent, i) => [latent, rows.slice(i * sae.d_out, (i + 1) * sae.d_out)]))
  const factors = await factorsOf(sae, wanted, (latent) => Math.hypot(...(raw.get(latent) ?? [])))
  const decoded = new Map([...raw].map(([latent, row], i) => [latent, row.map((number) => number * (factors[i] ?? 1))]))
  return { raw, decoded }
}

/**
 * What turns activations into the units of Neuronpedia: |W_dec[i]| of every active latent, float32 [U], taken from the rows in memory by
 * dividing their factors out; 1 where the activations have the norm in them already (formats.md 2.6). Only rows that a factor of 0 has
 * erased are read again. @throws what reading the file may throw
 */
export async function activeNorms(sae: Sae, { latents, rows, d_out }: ActiveLatents): Promise<Float32Array> {
  if (sae.gate.kind === 'topk' && sae.gate.byDecoderNorm) return new Float32Array(latents.length).fill(1)
  const factors = await factorsOf(sae, [...latents], () => 1)
  const erased = [...latents].filter((_, u) => factors[u] === 0)
  const { raw } = erased.length === 0 ? { raw: null } : await readDirections(sae, erased)
  return Float32Array.from(latents, (latent, u) => {
    const row = raw?.get(latent)
    return row ? normOf(row) : normOf(rows.subarray(u * d_out, (u + 1) * d_out)) / Math.abs(factors[u] ?? 1)
  })
}
