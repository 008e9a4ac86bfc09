/** Causes that the default pair cannot show, on SAEs that are right by construction: what they read is exactly what they write. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CAUSES } from '../../../src/main/preflight/causes'
import { fitOfWindows } from '../../../src/main/preflight/fit'
import { search } from '../../../src/main/preflight/search'
import { openSession } from '../../../src/main/runtime'
import { createEncoder, openSae } from '../../../src/main/saes'
import { writeSafetensors, type TensorToWrite } from '../../../src/main/tensors/write-safetensors'
import type { SaeReading } from '../../../src/shared/records/model'
import { quietTask } from '../../../src/shared/task'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { preflightOf, sessionsOf } from '../../support/preflights'
import { randomFrom } from '../../support/random-numbers'

const [GPT2 = ''] = TINY_MODELS
const HOOK = 'blocks.1.hook_resid_post'
const { d_model: d } = (await sessionsOf(GPT2)).model.config

const matrix = (rows: number, columns: number, at: (row: number, column: number) => number): TensorToWrite => ({
  dtype: 'F32',
  shape: [rows, columns],
  data: Float32Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns))
})
const vector = (length: number, value: number): TensorToWrite => ({
  dtype: 'F32',
  shape: [length],
  data: new Float32Array(length).fill(value)
})

async function writeSae(config: object, tensors: Record<string, TensorToWrite>): Promise<string> {
  const folder = await temporaryFolder()
  const metadata = { sae_lens_version: '6.18.0', hook_name: HOOK }
  await writeFile(join(folder, 'cfg.json'), JSON.stringify({ d_in: d, apply_b_dec_to_input: false, metadata, ...config }))
  await writeSafetensors(join(folder, 'sae_weights.safetensors'), tensors)
  return folder
}

it('a square decoder that lies the other way round is found', async () => {
  // f = x P + 64 is positive throughout, and x = (f - 64) Pᵀ; P moves every coordinate on by one. Stored is P where Pᵀ belongs.
  const moved = matrix(d, d, (row, column) => (column === (row + 1) % d ? 1 : 0))
  const folder = await writeSae(
    { architecture: 'standard', d_sae: d },
    { W_enc: moved, b_enc: vector(d, 64), W_dec: moved, b_dec: vector(d, -64) }
  )
  const found = await preflightOf(folder, {}, GPT2)
  expect(found.fvu).toBeGreaterThan(1)
  expect(found.suggestion?.words).toBe('W_dec is stored the other way round')
  expect(found.suggestion?.reading).toEqual({ transposedDecoder: true })
  // Sums of numbers near 64 in float32 leave 64 x 6e-8 of values of size 0.1 and more.
  expect(found.suggestion?.fvu).toBeLessThan(1e-6)
})

it('a stream that was centred in training is found', async () => {
  // Each decoder row has 20 of the direction (1, ..., 1) / d too much, which centred values cancel and others do not.
  const signs = matrix(2 * d, d, (row, column) => (row % d === column ? (row < d ? 1 : -1) : 0))
  const slanted = matrix(2 * d, d, (row, column) => (row < d ? 1 : -1) * ((row % d === column ? 1 : 0) + 20 / d))
  const encoder = matrix(d, 2 * d, (row, column) => (signs.data instanceof Float32Array ? (signs.data[column * d + row] ?? 0) : 0))
  const folder = await writeSae(
    { architecture: 'standard', d_sae: 2 * d },
    { W_enc: encoder, b_enc: vector(2 * d, 0), W_dec: slanted, b_dec: vector(d, 0) }
  )
  const found = await preflightOf(folder, {}, GPT2)
  expect(found.suggestion?.words).toBe('It was trained on values with their mean over d_model taken out')
  expect(found.suggestion?.reading).toEqual({ centred: true })
  expect(found.suggestion?.fvu).toBeLessThan(1e-6)
})

it('the skip connection of a transcoder that lies the other way round is found', async () => {
  const random = randomFrom(3)
  const skip = matrix(d, d, () => random.between(-1, 1))
  const numbers = skip.data instanceof Float32Array ? skip.data : new Float32Array()
  const input = Float32Array.from({ length: 20 * d }, () => random.between(-1, 1))
  // y = x W where the format says x Wᵀ.
  const value = Float32Array.from(input, (_, at) => {
    const [row, column] = [Math.floor(at / d), at % d]
    return Array.from({ length: d }, (__, i) => (input[row * d + i] ?? 0) * (numbers[i * d + column] ?? 0)).reduce((a, b) => a + b, 0)
  })
  const windows = [{ ids: Array.from({ length: 20 }, (_, i) => i), input, value }]
  const metadata = { sae_lens_version: '6.18.0', hook_name: 'blocks.1.ln2.hook_normalized', hook_name_out: 'blocks.1.hook_mlp_out' }
  const folder = await writeSae(
    { architecture: 'skip_transcoder', d_out: d, d_sae: 2, metadata },
    { W_enc: matrix(d, 2, () => 0), b_enc: vector(2, -1), W_dec: matrix(2, d, () => 0), b_dec: vector(d, 0), W_skip: skip }
  )
  const { model } = await sessionsOf(GPT2)
  const measure = async (reading: SaeReading) => {
    const encoder = await createEncoder(openSession, await openSae(folder, reading), 'cpu')
    const fit = await fitOfWindows(encoder, windows)
    await encoder.release()
    return fit
  }
  const circumstances = async (reading: SaeReading) => ({
    model,
    sae: await openSae(folder, reading),
    hook: 'blocks.1.hook_mlp_out',
    scale: 1,
    hooks: []
  })
  const start = { words: '', reading: {}, ...(await measure({})) }
  expect(start.fvu).toBeGreaterThan(1)
  const { best, tried } = await search(start, measure, circumstances, quietTask())
  expect(best.words).toBe('W_skip is stored the other way round')
  expect(best.reading).toEqual({ transposedSkip: true })
  // Sums of 24 float32 products.
  expect(best.fvu).toBeLessThan(1e-10)
  expect(tried.map(({ words }) => words)).toContain('It was trained on text without a BOS token')
})

it('two causes together are said together, and one that contradicts an earlier takes its place', async () => {
  const { model } = await sessionsOf(GPT2)
  const folder = await writeSae(
    { architecture: 'standard', d_sae: 4 },
    { W_enc: matrix(d, 4, () => 0), b_enc: vector(4, 0), W_dec: matrix(4, d, () => 0), b_dec: vector(d, 0) }
  )
  // Made-up fits: each of two assumptions helps, and both together describe the model.
  const measure = ({ hook, centred }: SaeReading) =>
    Promise.resolve({
      fvu: hook === 'b' ? (centred === true ? 0.1 : 0.8) : centred === true ? 0.9 : hook === 'a' ? 0.95 : 2,
      l0: 1,
      positions: 9
    })
  const circumstances = async (reading: SaeReading) => ({
    model,
    sae: await openSae(folder, reading),
    hook: HOOK,
    scale: 1,
    hooks: ['a', 'b']
  })
  const { best } = await search({ words: '', reading: {}, fvu: 2, l0: 1 }, measure, circumstances, quietTask())
  expect(best.words).toBe('It was trained at b, and it was trained on values with their mean over d_model taken out')
  expect(best.reading).toEqual({ hook: 'b', centred: true })
})

it('every cause has a name of its own', () => {
  expect(new Set(CAUSES.map(({ name }) => name)).size).toBe(CAUSES.length)
})
