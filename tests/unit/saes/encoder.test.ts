import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSession } from '../../../src/main/runtime'
import { activationOf, createEncoder, decode, openSae, readDirections, type ActiveLatents, type Encoder } from '../../../src/main/saes'
import type { EncoderLimits } from '../../../src/main/saes/encoder'
import { buildEncoder } from '../../../src/main/saes/encoder-graph'
import { saeOf } from '../../../src/main/saes/formats/common'
import { writeSafetensors } from '../../../src/main/tensors/write-safetensors'
import { failureOf } from '../../support/failing'
import { removeFolder, temporaryFolderForFile } from '../../support/file-folder'
import { temporaryFolder } from '../../support/folder'
import { largestGap } from '../../support/models'
import { SAE_SPEC, saeWeights, tensorsOf, writeSae, type SaeSpec } from '../../support/random-sae'
import { randomFrom } from '../../support/random-numbers'
import { referenceSae, type ReferenceSae } from '../../support/reference-sae'
import { rowName, SAE_ROWS } from '../../support/sae-rows'

const POSITIONS = 6
/** Sums of about a hundred float32 products of size 1: 1e-7 times the root of their number, with room. */
const TOLERANCE = 2e-5

function hookValues({ d_in }: SaeSpec): Float32Array {
  const random = randomFrom(11)
  return Float32Array.from({ length: POSITIONS * d_in }, () => random.between(-2, 2.5))
}

async function open(folder: string, spec: SaeSpec, limits: Partial<EncoderLimits> = {}): Promise<Encoder> {
  return createEncoder(openSession, await openSae(await writeSae(folder, spec)), 'cpu', limits)
}

/** Whole and at once; and as SAEs of several GB are run: lean, two positions at a time. */
const WAYS = [
  { way: '', limits: {} },
  { way: ', lean', limits: { whole: 0, dense: 2 * SAE_SPEC.d_sae } }
]
const CASES = SAE_ROWS.flatMap((spec) => WAYS.map(({ way, limits }) => ({ spec, limits, name: `${rowName(spec)}${way}` })))

describe.each(CASES)('$name', ({ spec, limits, name }) => {
  let folder = ''
  let encoder: Encoder
  let active: ActiveLatents
  const x = hookValues(spec)
  const reference: ReferenceSae = referenceSae(spec, saeWeights(spec))
  const position = (at: number): number[] => Array.from(x.subarray(at * spec.d_in, (at + 1) * spec.d_in))
  const positions = Array.from({ length: POSITIONS }, (_, at) => position(at))

  beforeAll(async () => {
    folder = await temporaryFolderForFile()
    encoder = await open(join(folder, name.replaceAll(/\W+/g, '-')), spec, limits)
    active = await encoder.encode(x, POSITIONS)
  })
  afterAll(async () => {
    await encoder.release()
    await removeFolder(folder)
  })

  it('has the activations of SAELens, latent by latent', () => {
    positions.forEach((own, at) => {
      const expected = reference.encode(own)
      expect(expected.some((f) => f > 0)).toBe(true)
      const found = expected.map((_, latent) => activationOf(active, at, latent))
      expect(found.map((f) => f > 0)).toEqual(expected.map((f) => f > 0))
      expect(largestGap(found, expected)).toBeLessThan(TOLERANCE)
    })
  })

  it('reconstructs as SAELens does, and reconstruction plus error is the hook value', () => {
    const expected = positions.flatMap((own) => reference.decode(reference.encode(own), own))
    expect(largestGap(active.reconstruction, expected)).toBeLessThan(TOLERANCE)
    expect(
      largestGap(
        active.reconstruction.map((y, index) => y + (active.error[index] ?? 0)),
        x
      )
    ).toBeLessThan(1e-6)
  })

  it('decodes edited activations as SAELens does', () => {
    const Z = active.Z.map((z, index) => (index % 3 === 0 ? 0 : z * 1.5))
    const expected = positions.flatMap((own, at) => {
      const f = new Array<number>(spec.d_sae).fill(0)
      active.latents.forEach((latent, u) => (f[latent] = Z[at * active.latents.length + u] ?? 0))
      return reference.decode(f, own)
    })
    expect(largestGap(decode(active, Z), expected)).toBeLessThan(TOLERANCE)
    expect(largestGap(decode(active, active.Z), active.reconstruction)).toBeLessThan(TOLERANCE)
  })

  it('reads the decoder rows of single latents as they are stored and as they are used', async () => {
    const latents = [...active.latents]
    const { raw, decoded } = await readDirections(encoder.sae, latents)
    const { W_dec } = saeWeights(spec)
    latents.forEach((latent, u) => {
      expect(largestGap(raw.get(latent) ?? [], W_dec?.subarray(latent * spec.d_in, (latent + 1) * spec.d_in) ?? [])).toBe(0)
      expect(largestGap(decoded.get(latent) ?? [], active.rows.subarray(u * spec.d_in, (u + 1) * spec.d_in))).toBeLessThan(1e-6)
    })
  })
})

it('hands no array as wide as the SAE out of the graph', () => {
  const weights = new Map(
    [['W_enc', [3, 1000]] as const, ['b_enc', [1000]] as const, ['W_dec', [1000, 3]] as const, ['b_dec', [3]] as const].map(
      ([name, shape]) => [name, { name, type: 'float32' as const, shape, file: 'w', offset: 0, length: 4 }]
    )
  )
  const graph = buildEncoder(
    saeOf({
      path: '',
      folder: '',
      name: 'x',
      format: '',
      architecture: 'standard',
      d_in: 3,
      d_sae: 1000,
      weights,
      gate: { kind: 'relu' },
      inBias: 'b_dec',
      hook: null,
      hash: '',
      bytes: 0
    })
  )
  for (const output of graph.outputs.values()) expect(output.shape).not.toContain(1000)
})

/** The folder of `spec` with other weights. */
async function writeWeights(spec: SaeSpec, weights: Record<string, Float32Array>): Promise<string> {
  const folder = await writeSae(await temporaryFolder(), spec)
  await writeSafetensors(join(folder, 'sae_weights.safetensors'), tensorsOf(spec, { ...saeWeights(spec), ...weights }))
  return folder
}

it('takes the latents with the lower numbers when TopK meets equal pre-activations', async () => {
  const spec: SaeSpec = { ...SAE_SPEC, architecture: 'topk', d_in: 2, d_sae: 8, k: 3 }
  const folder = await writeWeights(spec, {
    W_enc: new Float32Array(16).fill(1),
    b_enc: new Float32Array(8).fill(0.5),
    b_dec: new Float32Array(2)
  })
  const encoder = await createEncoder(openSession, await openSae(folder), 'cpu')
  const { latents } = await encoder.encode(new Float32Array(2), 1)
  expect([...latents]).toEqual([0, 1, 2])
  await encoder.release()
})

it('leaves out what TopK chooses without it being active', async () => {
  const spec: SaeSpec = { ...SAE_SPEC, architecture: 'topk', d_in: 2, d_sae: 4, k: 3 }
  // Pre-activations are (-x, y, x, -y); three of the four are chosen.
  const folder = await writeWeights(spec, {
    W_enc: Float32Array.of(-1, 0, 1, 0, 0, 1, 0, -1),
    b_enc: new Float32Array(4),
    b_dec: new Float32Array(2)
  })
  const encoder = await createEncoder(openSession, await openSae(folder), 'cpu')
  const { latents, Z } = await encoder.encode(Float32Array.of(0, 5, 2, 0, 3, -0), 3)
  expect([...latents]).toEqual([1, 2])
  expect([...Z]).toEqual([5, 0, 0, 2, 0, 3])
  await encoder.release()
})

it.each(['jumprelu', 'topk'] as const)('yields only the decoder bias when no latent is active (%s)', async (architecture) => {
  const spec: SaeSpec = { ...SAE_SPEC, architecture, applyDecoderBias: false }
  const folder = await writeWeights(spec, { b_enc: new Float32Array(spec.d_sae).fill(-1) })
  const encoder = await createEncoder(openSession, await openSae(folder), 'cpu')
  const active = await encoder.encode(new Float32Array(2 * spec.d_in), 2)
  const { b_dec } = saeWeights(spec)
  expect(active.latents).toHaveLength(0)
  expect(active.Z).toHaveLength(0)
  expect(largestGap(active.reconstruction.subarray(spec.d_in), b_dec ?? [])).toBe(0)
  await encoder.release()
})

it('refuses a prompt whose active latents do not fit in memory', async () => {
  const encoder = await open(await temporaryFolder(), SAE_SPEC, { active: 300 })
  const failure = await failureOf(() => encoder.encode(hookValues(SAE_SPEC), POSITIONS))
  expect(failure).toMatch(
    /^One prompt activates \d+ latents of gradsae-test-\w+, more than the 10 that fit in memory\. Use a shorter prompt/
  )
  await encoder.release()
})

it('refuses hook values that are not finite', async () => {
  const encoder = await open(await temporaryFolder(), SAE_SPEC)
  const values = hookValues(SAE_SPEC)
  values[30] = NaN
  expect(await failureOf(() => encoder.encode(values, POSITIONS))).toContain('numbers that are not finite while encoding with the SAE')
  await encoder.release()
})

it('refuses latents that do not exist', async () => {
  const sae = await openSae(await writeSae(await temporaryFolder(), SAE_SPEC))
  expect(await failureOf(() => readDirections(sae, [3, 96]))).toMatch(/has no latent 96\. Its latents are numbered 0 to 95\.$/)
})
