/**
 * Preflights end to end that take more than one look: a repair applied, a cause behind a passable fit, two causes at once, text without
 * BOS. Each cause by itself is in tests/unit/preflight.
 */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { hookValues } from '../../src/main/attribution'
import { runPreflight, SAMPLE_TEXT } from '../../src/main/preflight'
import type { WindowValues } from '../../src/main/preflight/fit'
import { scaleOf } from '../../src/main/preflight/reader'
import { windowsOf } from '../../src/main/preflight/windows'
import { openSession } from '../../src/main/runtime'
import { openSae } from '../../src/main/saes'
import type { SaeReading } from '../../src/shared/records/model'
import type { Preflight } from '../../src/shared/records/preflight'
import { quietTask } from '../../src/shared/task'
import { writeSafetensors } from '../../src/main/tensors/write-safetensors'
import { DEFAULT_SAE, openTestBench } from '../support/benches'
import { temporaryFolder } from '../support/folder'
import { DEFAULT_MODEL, TINY_MODELS } from '../support/models'
import { changeJson, changeTensor } from '../support/spoil'

const [GPT2 = ''] = TINY_MODELS
/** d_model of the tiny GPT-2, and a bias that keeps every latent open. */
const [D, OPEN] = [24, 100]

/** Stories as the default model was trained on, about 250 tokens. */
async function stories(): Promise<string> {
  const lines = (await readFile(join(DEFAULT_MODEL, '../eval/val_stories.jsonl'), 'utf8')).split('\n').slice(0, 2)
  return lines.map((line) => z.looseObject({ text: z.string() }).parse(JSON.parse(line)).text).join('\n\n')
}

async function preflight(model: string, sae: string, text: string, reading: SaeReading = {}): Promise<Preflight> {
  const { sessions } = await openTestBench(model, sae)
  const parts = { openSession, sessions, reading, hook: null, text, textSource: 'the given text', versions: { workbench: 'test' } }
  return runPreflight({ ...parts, openSae: (own) => openSae(sae, own) }, quietTask())
}

interface Weights {
  readonly W_enc: Float32Array
  readonly W_dec: Float32Array
  readonly b_enc?: number
  readonly b_dec?: number
}

/** An SAE of the tiny GPT-2 in SAELens's layout; b_dec is not subtracted before the encoder. */
async function writeSae({ W_enc, W_dec, b_enc = 0, b_dec = 0 }: Weights, config: Record<string, unknown> = {}): Promise<string> {
  const folder = await temporaryFolder()
  const d_sae = W_enc.length / D
  const own = {
    architecture: 'standard',
    d_in: D,
    d_sae,
    apply_b_dec_to_input: false,
    hook_name: 'blocks.1.hook_resid_post',
    prepend_bos: true
  }
  await writeFile(join(folder, 'cfg.json'), JSON.stringify({ ...own, ...config }))
  await writeSafetensors(join(folder, 'sae_weights.safetensors'), {
    W_enc: { dtype: 'F32', shape: [D, d_sae], data: W_enc },
    b_enc: { dtype: 'F32', shape: [d_sae], data: new Float32Array(d_sae).fill(b_enc) },
    W_dec: { dtype: 'F32', shape: [d_sae, D], data: W_dec },
    b_dec: { dtype: 'F32', shape: [D], data: new Float32Array(D).fill(b_dec) }
  })
  return folder
}

const square = (at: (row: number, column: number) => number): Float32Array =>
  Float32Array.from({ length: D * D }, (_, i) => at(Math.floor(i / D), i % D))

/** A copy of the default SAE, spoilt. */
async function spoilt(config: Record<string, unknown>): Promise<string> {
  const folder = await temporaryFolder()
  await cp(DEFAULT_SAE, folder, { recursive: true })
  await changeJson(join(folder, 'cfg.json'), config)
  return folder
}

const identity = square((row, column) => (row === column ? 1 : 0))
/** Rounding of float32 hook values behind a bias of 100: squared, far below this share of their variance. */
const EXACT = 1e-6

describe('an SAE of the default model', () => {
  it('whose hook point is wrong is found at its own', async () => {
    const sae = await spoilt({ hook_name: 'blocks.1.hook_resid_post', metadata: {} })
    const found = await preflight(DEFAULT_MODEL, sae, await stories())
    expect(found.suggestion?.reading).toEqual({ hook: 'blocks.3.hook_resid_post' })
    expect(found.suggestion?.words).toBe('It was trained at blocks.3.hook_resid_post')
    expect(found.suggestion?.fvu).toBeLessThan(0.12)
    const applied = await preflight(DEFAULT_MODEL, sae, await stories(), found.suggestion?.reading)
    expect(applied).toMatchObject({ verdict: 'good', hook: 'blocks.3.hook_resid_post' })
    expect(applied.notes.join()).toContain('Read as an SAE of blocks.3.hook_resid_post instead of blocks.1.hook_resid_post.')
  })

  it('whose activations were scaled in training gets the scale estimated', async () => {
    const sae = await spoilt({})
    const text = await stories()
    const bench = await openTestBench(DEFAULT_MODEL, sae)
    const values: WindowValues[] = []
    for (const ids of windowsOf(bench.sessions.model, text, true)) values.push({ ids, ...(await hookValues(bench, ids)) })
    const scale = scaleOf(values, bench.encoder.sae.d_in)
    const weights = join(sae, 'sae_weights.safetensors')
    await changeTensor(weights, 'W_enc', (value) => value / scale)
    for (const name of ['W_dec', 'b_dec']) await changeTensor(weights, name, (value) => value * scale)
    const found = await preflight(DEFAULT_MODEL, sae, text)
    expect(found.suggestion?.words).toBe('Activations were scaled to a mean norm of sqrt(d_in) in training')
    expect(found.suggestion?.reading.scale).toBeCloseTo(scale, 6)
    expect(found.suggestion?.fvu).toBeLessThan(0.12)
  })
})

describe('an SAE that describes the tiny GPT-2 exactly, but', () => {
  it('that needs two repairs gets both, named in one sentence', async () => {
    const shift = square((row, column) => (column === (row + 1) % D ? 1 : 0))
    const W_enc = square((row, column) => (column === (row + 1) % D ? 1 : 0) + 30 / D)
    const found = await preflight(GPT2, await writeSae({ W_enc, W_dec: shift, b_enc: OPEN, b_dec: -OPEN }), SAMPLE_TEXT)
    expect(found.suggestion?.reading).toEqual({ centred: true, transposedDecoder: true })
    expect(found.suggestion?.words).toContain('mean over d_model taken out, and ')
    expect(found.suggestion?.fvu).toBeLessThan(EXACT)
  })

  it('was trained without a BOS token is shown text without one', async () => {
    // One latent for each position of the text without BOS, pointing where the hook value does; only the best may fire.
    const bench = await openTestBench(GPT2, await writeSae({ W_enc: identity, W_dec: identity }))
    const rows: number[][] = []
    for (const ids of windowsOf(bench.sessions.model, SAMPLE_TEXT, false)) {
      const { value } = await hookValues(bench, ids)
      ids.forEach((_, position) => {
        const row = Array.from(value.subarray(position * D, (position + 1) * D))
        rows.push(row.map((x) => x / Math.hypot(...row)))
      })
    }
    const W_dec = Float32Array.from(rows.flat())
    const W_enc = Float32Array.from({ length: W_dec.length }, (_, i) => rows[i % rows.length]?.[Math.floor(i / rows.length)] ?? 0)
    const sae = await writeSae({ W_enc, W_dec }, { architecture: 'topk', activation_fn_str: 'topk', activation_fn_kwargs: { k: 1 } })
    const found = await preflight(GPT2, sae, SAMPLE_TEXT)
    expect(found.suggestion?.words).toBe('It was trained on text without a BOS token')
    expect(found.suggestion?.reading).toEqual({ prependBos: false })
    expect(found.suggestion?.fvu).toBeLessThan(EXACT)
  })
})
