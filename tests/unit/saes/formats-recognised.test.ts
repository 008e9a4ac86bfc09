/** What SAEs are recognised by, and what is said of those that are not read: copies of tests/fixtures/saes, moved, renamed or spoilt. */
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSae } from '../../../src/main/saes'
import { decoderNorms, readWeight } from '../../../src/main/saes/read'
import { writeSafetensors } from '../../../src/main/tensors/write-safetensors'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

const FIXTURES = join(import.meta.dirname, '../../fixtures/saes')
const LLAMA = 'llama-scope/Llama3_1-8B-Base-L8R-8x'
const RES = 'gemma-scope/gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71'

/** A copy under another path, of which nothing can be read. */
async function moved(fixture: string, name = 'mine'): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await mkdir(dirname(path), { recursive: true })
  await cp(join(FIXTURES, fixture), path, { recursive: true })
  return path
}

async function changed(folder: string, file: string, change: object): Promise<string> {
  const path = join(folder, file)
  await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), ...change }))
  return folder
}

const refusal = async (path: string): Promise<string> => (await failureOf(() => openSae(path))).replaceAll(path, 'PATH')

describe('under another name', () => {
  it.each([
    ['sae-lens/standard', 'SAELens'],
    [LLAMA, 'Llama Scope'],
    ['llama-scope/L15R', 'Llama Scope'],
    [RES, 'Gemma Scope'],
    ['gemma-scope-2/anywhere/mine', 'Gemma Scope 2']
  ])('%s is an SAE of %s all the same', async (fixture, format) => {
    expect((await openSae(await moved(fixture))).format).toBe(format)
  })

  it('an SAE of Gemma Scope has no hook point, and a reading gives it', async () => {
    const folder = await moved(RES)
    expect(await openSae(folder)).toMatchObject({ hook: null, nominalL0: null, modelName: null, openQuestions: ['hook'], prependBos: true })
    const hook = 'blocks.20.hook_resid_post'
    expect(await openSae(folder, { hook })).toMatchObject({ hook, openQuestions: [], notes: [`Read as an SAE of ${hook}.`] })
  })

  it('arrays in a file of another name are Gemma Scope’s by what they are called', async () => {
    const folder = await moved(RES)
    await rename(join(folder, 'params.npz'), join(folder, 'sparse.npz'))
    expect(await openSae(folder)).toMatchObject({ format: 'Gemma Scope', path: join(folder, 'sparse.npz') })
  })
})

describe('Gemma Scope 2', () => {
  it.each([
    ['clt/layer_3_width_16k_l0_medium', 'cross-layer transcoder'],
    ['crosscoder/layer_3_width_16k_l0_medium', 'crosscoder']
  ])('%s is refused as a %s', async (name, kind) => {
    const folder = await moved('gemma-scope-2/anywhere/mine', name)
    const zeros = (...shape: number[]): { dtype: 'F32'; shape: number[]; data: Float32Array } => ({
      dtype: 'F32',
      shape,
      data: new Float32Array(shape.reduce((product, size) => product * size))
    })
    const tensors = { w_enc: zeros(4, 6), w_dec: zeros(6, 3, 4), b_enc: zeros(6), b_dec: zeros(3, 4), threshold: zeros(6) }
    await writeSafetensors(join(folder, 'params.safetensors'), tensors)
    expect(await refusal(folder)).toBe(
      `The SAE architecture "${kind}" in PATH/params.safetensors is not known. Supported are: jumprelu SAEs and transcoders of one layer.`
    )
  })

  it('takes the path’s word where config.json names a module that is no hook point', async () => {
    const folder = await moved('gemma-scope-2/anywhere/mine', 'resid_post/layer_2_width_16k_l0_small')
    await changed(folder, 'config.json', { hf_hook_point_in: 'model.rotary_emb.output', hf_hook_point_out: null })
    expect(await openSae(folder)).toMatchObject({ hook: 'blocks.2.hook_resid_post' })
    await changed(folder, 'config.json', { hf_hook_point_in: 3 })
    expect(await refusal(folder)).toContain('PATH/config.json does not describe a usable SAE: hf_hook_point_in: ')
  })
})

describe('Llama Scope', () => {
  it.each([
    [{ act_fn: 'swish' }, 'The SAE architecture "swish" in PATH/hyperparams.json is not known. Supported are: jumprelu, topk, relu.'],
    [{ norm_activation: 'batch-wise' }, 'The SAE architecture "norm_activation batch-wise"'],
    [{ jump_relu_threshold: null }, 'jump_relu_threshold is missing'],
    [{ dataset_average_activation_norm: null }, 'the mean norm at blocks.8.hook_resid_post (dataset_average_activation_norm) is missing'],
    [{ d_sae: null, expansion_factor: null }, 'd_sae and expansion_factor are missing'],
    [{ d_sae: 31 }, 'encoder.weight in PATH/checkpoints/final.safetensors has the shape [30, 12], but [31, 12] is needed']
  ])('with %o is refused', async (change, message) => {
    expect(await refusal(await changed(await moved(LLAMA), 'hyperparams.json', change))).toContain(message)
  })

  it('as a distributed checkpoint is refused, saying why', async () => {
    const folder = await moved('llama-scope/L15R')
    await rm(join(folder, 'sae_weights.safetensors'))
    await writeFile(join(folder, '__0_0.distcp'), '')
    await writeFile(join(folder, '.metadata'), '')
    expect(await refusal(folder)).toContain(
      'PATH is not an SAE: it is a distributed checkpoint of PyTorch, whose index is a pickled object'
    )
  })
})

describe('SAELens', () => {
  it('of one head, or with a fraction for k, is refused', async () => {
    expect(await refusal(await changed(await moved('sae-lens/standard'), 'cfg.json', { metadata: { hook_head_index: 3 } }))).toContain(
      'it was trained on one head (hook_head_index 3), and only whole hook points are read'
    )
    expect(await refusal(await changed(await moved('sae-lens/topk-rescaled'), 'cfg.json', { k: 4.5 }))).toContain(
      'k is 4.5, and so many latents of one position cannot be chosen'
    )
  })

  it.each(['matching_pursuit', 'temporal', 'crosscoder'])('of the architecture %s is refused by its name', async (architecture) => {
    expect(await refusal(await changed(await moved('sae-lens/standard'), 'cfg.json', { architecture }))).toContain(
      `The SAE architecture "${architecture}" in PATH/cfg.json is not known. Supported are: standard, gated,`
    )
  })

  it('expects centred values where its model was processed so', async () => {
    const processed = { metadata: { model_from_pretrained_kwargs: { center_writing_weights: true } } }
    expect((await openSae(await changed(await moved('sae-lens/standard'), 'cfg.json', processed))).centred).toBe(true)
    expect((await openSae(join(FIXTURES, 'sae-lens/standard'))).centred).toBe(false)
  })

  it('as a transcoder is scaled where it reads, and not where it writes', async () => {
    const folder = await changed(await moved('sae-lens/transcoder'), 'cfg.json', { normalize_activations: 'expected_average_only_in' })
    expect((await openSae(folder)).openQuestions).toEqual(['scale'])
    expect(await openSae(folder, { scale: 0.5 })).toMatchObject({ inScale: 0.5, outScale: 1, openQuestions: [] })
  })
})

it.each(['sae-lens/transcoder', LLAMA, RES])('the decoder norms of %s are those of its rows, and are read once', async (fixture) => {
  const sae = await openSae(join(FIXTURES, fixture))
  const norms = await decoderNorms(sae)
  const W_dec = await readWeight(sae, 'W_dec')
  const { d_sae, d_out, decoderByOutput } = sae
  const expected = Array.from({ length: d_sae }, (_, i) =>
    Math.hypot(...Array.from({ length: d_out }, (_, j) => W_dec[decoderByOutput ? j * d_sae + i : i * d_out + j] ?? NaN))
  )
  // Rounded once to float32: half a unit in the last place of numbers below 4.
  norms.forEach((norm, i) => expect(Math.abs(norm - (expected[i] ?? NaN))).toBeLessThan(2.4e-7))
  expect(await decoderNorms(sae)).toBe(norms)
})
