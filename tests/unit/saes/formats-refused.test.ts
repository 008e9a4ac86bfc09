/** What format readers refuse or ask about: folders and files of tests/fixtures/saes, spoilt one way each. */
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSae } from '../../../src/main/saes'
import { writeSafetensors } from '../../../src/main/tensors/write-safetensors'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

const FIXTURES = join(import.meta.dirname, '../../fixtures/saes')

/** A copy of a fixture under a name of its own, whose parent is empty otherwise. */
async function copied(fixture: string, name = fixture): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await cp(join(FIXTURES, fixture), path, { recursive: true })
  return path
}

async function changed(folder: string, file: string, change: (config: Record<string, unknown>) => object): Promise<string> {
  const path = join(folder, file)
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)))
  return folder
}

const refusal = async (path: string): Promise<string> => (await failureOf(() => openSae(path))).replaceAll(path, 'PATH')

describe('a sparsify folder', () => {
  const cfg = async (options: object): Promise<string> =>
    changed(await copied('sparsify/layers.3'), 'cfg.json', (same) => ({ ...same, ...options }))

  it.each([
    [{ signed: true }, 'The SAE architecture "signed topk, whose activations may be negative"'],
    [{ embed_skip: true }, 'The SAE architecture "embed_skip, which also reads the embeddings"'],
    [{ gram_lookup: true }, 'The SAE architecture "gram_lookup, which needs a table of n-grams"'],
    [{ activation: 'softmax' }, 'The SAE architecture "softmax" in PATH/cfg.json is not known. Supported are: topk, groupmax.'],
    [{ k: 49 }, 'k is 49, but there are only 48 latents'],
    [{ activation: 'groupmax', k: 7 }, '48 latents do not split into k = 7 equal groups'],
    [{ d_in: 0 }, 'does not describe a usable SAE: d_in: '],
    [{ expansion_factor: 8 }, 'encoder.weight in PATH/sae.safetensors has the shape [48, 12], but [96, 12] is needed'],
    [{ skip_connection: true }, 'has no tensor named W_skip']
  ])('is refused with %o', async (options, message) => {
    expect(await refusal(await cfg(options))).toContain(message)
  })

  it('counts its latents by the expansion factor when it names none, and has the defaults of sparsify', async () => {
    const folder = await changed(await copied('sparsify/layers.3'), 'cfg.json', ({ d_in, k }) => ({
      d_in,
      k,
      num_latents: 0,
      expansion_factor: 4
    }))
    expect(await openSae(folder)).toMatchObject({ d_sae: 48, gate: { kind: 'topk', k: 6 }, inBias: 'b_dec' })
  })

  it('is refused when it holds the encoder alone', async () => {
    const folder = await copied('sparsify/layers.3')
    const encoder = { 'encoder.weight': { dtype: 'F32' as const, shape: [48, 12], data: new Float32Array(576) } }
    await writeSafetensors(join(folder, 'sae.safetensors'), encoder)
    expect(await refusal(folder)).toContain('it holds the encoder alone, without W_dec')
  })

  it('whose name says nothing has no hook point, and as a transcoder must be told where it writes', async () => {
    expect(await openSae(await copied('sparsify/layers.3', 'mine'))).toMatchObject({ hook: null, openQuestions: ['hook'] })
    const transcoder = await copied('sparsify/skip/layers.1.mlp', 'mine')
    expect(await refusal(transcoder)).toContain('does not name its hook point')
    const told = { hook: 'blocks.1.mlp.hook_in', hookOut: 'blocks.1.hook_mlp_out' }
    expect(await openSae(transcoder, told)).toMatchObject(told)
  })
})

describe('a dictionary_learning folder', () => {
  const trainer = async (fixture: string, options: object): Promise<string> =>
    changed(await copied(`dictionary-learning/${fixture}/trainer_0`), 'config.json', (config) => ({
      ...config,
      trainer: { ...(config.trainer as object), ...options }
    }))

  it('of an unknown class is refused, naming those that are known', async () => {
    const message = await refusal(await trainer('standard', { dict_class: 'CrossCoder' }))
    expect(message).toContain(
      'The SAE architecture "CrossCoder" in PATH/config.json is not known. Supported are: AutoEncoder, AutoEncoderNew,'
    )
    expect(await refusal(await trainer('standard', { dict_class: 'constructor' }))).toContain('The SAE architecture "constructor"')
  })

  it.each([
    ['topk', { k: 5 }, 'trainer.k is 5, but k in ae.pt is 6'],
    ['topk', { dict_size: 5 }, 'encoder.weight in PATH/ae.pt has the shape [40, 12], but [5, 12] is needed'],
    ['standard', { dict_class: 'GatedAutoEncoder' }, 'ae.pt has no tensor named decoder_bias'],
    ['standard', { dict_class: 'AutoEncoderTopK' }, 'ae.pt has no tensor named b_dec']
  ])('%s is refused with %o', async (fixture, options, message) => {
    expect(await refusal(await trainer(fixture, options))).toContain(message)
  })

  it('is recognised by its weights file, too, and its config is used', async () => {
    const folder = join(FIXTURES, 'dictionary-learning/batch_topk/trainer_0')
    const [whole, file] = [await openSae(folder), await openSae(join(folder, 'ae.pt'))]
    expect(file).toEqual(whole)
    expect(file.gate).toMatchObject({ kind: 'jumprelu', timesDecoderNorm: false })
    expect(file.notes.join(' ')).toContain('The k of training became one threshold, 0.7')
  })

  it('in the middle of training is refused', async () => {
    const folder = await copied('dictionary-learning/standard/trainer_0')
    await cp(join(FIXTURES, 'refused/training-state.pt'), join(folder, 'ae.pt'))
    expect(await refusal(folder)).toContain('it is the state of a training run (ae.encoder.weight), not the finished dictionary')
  })
})

describe('a single file', () => {
  it('whose tensors are called as anybody’s is asked about', async () => {
    expect(await refusal(join(FIXTURES, 'deepseek/sae.pt'))).toBe(
      'PATH can be read in several ways, as: dictionary_learning, DeepSeek. Say which it is, by choosing the format (dictionary_learning, for example).'
    )
    const chosen = await openSae(join(FIXTURES, 'deepseek/sae.pt'), { format: 'dictionary_learning' })
    expect(chosen).toMatchObject({ architecture: 'AutoEncoderNew', inBias: null })
  })

  it('that keeps the k largest is asked for k, and must have as many latents', async () => {
    const file = await copied('qwen-scope/renamed/layer20.sae.pt', 'layer20.sae.pt')
    expect(await refusal(file)).toContain(
      'keeps the k largest activations of each position, and k stands neither in the file nor in the name of its folder.'
    )
    expect(await failureOf(() => openSae(file, { k: 41 }))).toContain('k is 41, but there are only 40 latents')
  })

  it('of circuit-tracer must agree with the configuration beside it', async () => {
    const folder = await copied('circuit-tracer/qwen', 'qwen')
    await writeFile(join(folder, 'wandb-config.yaml'), 'd_feature:\n    value: 41\n')
    expect(await refusal(join(folder, 'layer_7.safetensors'))).toContain('d_feature.value is 41, but the weights have 40')
    await rm(join(folder, 'wandb-config.yaml'))
    await rename(join(folder, 'layer_7.safetensors'), join(folder, 'mine.safetensors'))
    expect(await refusal(join(folder, 'mine.safetensors'))).toContain('does not name its hook point')
  })

  it('of circuit-tracer is read in no time whatever its configuration holds', async () => {
    const folder = await copied('circuit-tracer/qwen', 'qwen')
    await writeFile(join(folder, 'config.yaml'), `model_name: a${' '.repeat(900_000)}b\nmodel_name: "short"   # of its name\n`)
    const begin = performance.now()
    expect(await openSae(join(folder, 'layer_7.safetensors'))).toMatchObject({ modelName: 'short' })
    // A megabyte of text; the square of its length would take an hour.
    expect(performance.now() - begin).toBeLessThan(2000)
  })

  it('of OpenAI’s with another activation is refused', async () => {
    expect(await refusal(join(FIXTURES, 'refused/openai-identity.pt'))).toContain('The SAE architecture "Identity" in PATH is not known.')
  })

  it('that holds no SAE is refused with what it holds; a broken one with what is broken', async () => {
    const folder = await temporaryFolder()
    await mkdir(folder, { recursive: true })
    const other = join(folder, 'model.safetensors')
    await writeSafetensors(other, { 'wte.weight': { dtype: 'F32', shape: [1], data: new Float32Array(1) } })
    expect(await refusal(other)).toContain('PATH is not an SAE: it holds the tensors wte.weight')
    const broken = join(folder, 'ae.pt')
    await writeFile(broken, 'not a zip file at all')
    expect(await refusal(broken)).toContain('holds no tensors in a known way')
  })
})
