/** A preflight that comes with a ranking or a comparison is of the same files, and is kept with what is made. */
import { expect, it } from 'vitest'
import { rankLatents, type AttributionRequest } from '../../../src/main/attribution'
import { activeNorms, decoderNorms } from '../../../src/main/saes'
import { compareRuns } from '../../../src/main/steering/compare'
import type { PreflightSummary } from '../../../src/shared/records/preflight'
import { DEFAULT_GENERATION } from '../../../src/shared/records/steering'
import { quietTask } from '../../../src/shared/task'
import { DEFAULT_SAE, openTestBench } from '../../support/benches'
import { failureOf } from '../../support/failing'
import { DEFAULT_MODEL } from '../../support/models'

const bench = await openTestBench(DEFAULT_MODEL, DEFAULT_SAE)
const { model } = bench.sessions
const { sae } = bench.encoder
const reading = { prependBos: true }
const summary: PreflightSummary = {
  modelHash: model.hash,
  saeHash: sae.hash,
  verdict: 'good',
  fvu: 0.1,
  l0: 24,
  recovered: 0.97,
  reading,
  createdAt: '2026-01-02T03:04:05.000Z'
}
const request: AttributionRequest = { prompt: { text: 'Once upon a time' }, method: 'gradsae', target: null, includeSpecial: true }
const rank = (preflight: PreflightSummary | null) => rankLatents(bench, { ...request, reading, preflight }, quietTask())
const compare = (preflight: PreflightSummary | null) =>
  compareRuns(
    { sessions: bench.sessions, sae: bench, versions: {} },
    {
      prompt: request.prompt,
      recipes: [],
      settings: { ...DEFAULT_GENERATION, maxTokens: 1 },
      target: null,
      score: false,
      reading,
      preflight
    },
    quietTask(),
    () => undefined
  )
const STALE = (looked: string, hash: string): string =>
  `The preflight is of other files: it looked at ${looked} with the hash sha256:other, and ${hash}. Run it again for this model and this SAE.`

it('a ranking keeps the reading and the preflight', async () => {
  const { provenance } = await rank(summary)
  expect(provenance.preflight).toEqual(summary)
  expect(provenance.sae.reading).toEqual(reading)
  expect((await rank(null)).provenance.preflight).toBeNull()
})

it('a comparison keeps both, and every transformation in words', async () => {
  const { provenance } = await compare(summary)
  expect(provenance.preflight).toEqual(summary)
  expect(provenance.sae).toMatchObject({ reading, notes: sae.notes, hash: sae.hash })
})

it('a preflight of another model or SAE is refused', async () => {
  const ofModel = STALE('a model', `${model.name} has ${model.hash}`)
  const ofSae = STALE('an SAE', `${sae.name} has ${sae.hash}`)
  expect(await failureOf(() => rank({ ...summary, modelHash: 'sha256:other' }))).toBe(ofModel)
  expect(await failureOf(() => rank({ ...summary, saeHash: 'sha256:other' }))).toBe(ofSae)
  expect(await failureOf(() => compare({ ...summary, saeHash: 'sha256:other' }))).toBe(ofSae)
})

it('each ranked latent has the norm of its decoder row as it is stored', async () => {
  const norms = await decoderNorms(sae)
  const { latents } = await rank(null)
  // float32 rows; the sums of 192 squares run in float64 on both sides.
  for (const { latent, decoderNorm } of latents) expect(decoderNorm).toBeCloseTo(norms[latent] ?? NaN, 6)
})

it('norms are those of the stored rows under fixed factors, too, and 1 where activations have them in them', async () => {
  const active = await bench.encoder.encode(new Float32Array(sae.d_in).fill(1), 1)
  const norms = await decoderNorms(sae)
  const scaled = { ...active, rows: active.rows.map((value) => value / 4) }
  const found = await activeNorms({ ...sae, outScale: 4 }, scaled)
  active.latents.forEach((latent, u) => expect(found[u]).toBeCloseTo(norms[latent] ?? NaN, 6))
  const gate = { kind: 'topk' as const, k: 24, byDecoderNorm: true }
  expect(new Set(await activeNorms({ ...sae, gate: { ...sae.gate, ...gate } }, active))).toEqual(new Set([1]))
})
