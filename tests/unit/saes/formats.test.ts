import { readdirSync } from 'node:fs'
import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSession } from '../../../src/main/runtime'
import { createEncoder, openSae, saeInfo } from '../../../src/main/saes'
import { FORMATS } from '../../../src/main/saes/formats'
import { writeSafetensors } from '../../../src/main/tensors/write-safetensors'
import { DEFAULT_SAE } from '../../support/benches'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { DEFAULT_MODEL } from '../../support/models'
import { SAE_SPEC, saeWeights, writeSae, type SaeSpec } from '../../support/random-sae'

const written = async (spec: Partial<SaeSpec> = {}, change?: Parameters<typeof writeSae>[2]): Promise<string> =>
  writeSae(await temporaryFolder(), { ...SAE_SPEC, ...spec }, change)

it('every file of formats/ is listed', () => {
  const folder = join(import.meta.dirname, '../../../src/main/saes/formats')
  const files = readdirSync(folder).filter((file) => file !== 'index.ts' && file !== 'common.ts')
  const plain = (name: string): string =>
    name
      .toLowerCase()
      .replace(/\.ts$/, '')
      .replaceAll(/[^a-z0-9]/g, '')
  expect(files.map(plain).sort()).toEqual(FORMATS.map(({ format }) => plain(format)).sort())
})

describe('a SAELens folder', () => {
  it('of the default model is described', async () => {
    const info = saeInfo(await openSae(DEFAULT_SAE))
    expect(info).toMatchObject({
      format: 'SAELens',
      architecture: 'topk',
      d_in: 192,
      d_sae: 2048,
      k: 24,
      hook: 'blocks.3.hook_resid_post',
      modelName: 'storyteller'
    })
    expect(info).toMatchObject({ labelled: true, notes: [] })
    expect(info.hash).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('written before 6.0 is read by its older keys', async () => {
    const folder = await written({ architecture: 'topk' }, ({ d_in, d_sae }) => ({
      d_in,
      d_sae,
      dtype: 'torch.float32',
      activation_fn: 'topk',
      activation_fn_kwargs: { k: 5 },
      hook_point: 'blocks.2.hook_resid_pre',
      model_name: 'gpt2-small',
      normalize_activations: false,
      prepend_bos: false
    }))
    const sae = await openSae(folder)
    expect(sae).toMatchObject({ architecture: 'topk', gate: { kind: 'topk', k: 5 }, norm: 'none', inBias: 'b_dec' })
    expect(sae).toMatchObject({ hook: 'blocks.2.hook_resid_pre', modelName: 'gpt2-small', prependBos: false })
  })

  it('that names no hook point opens without one', async () => {
    expect((await openSae(await written({ hook: null }))).hook).toBeNull()
  })

  it('says in words what is done to its activations', async () => {
    const notes = async (spec: Partial<SaeSpec>): Promise<string> => (await openSae(await written(spec))).notes.join(' ')
    expect(await notes({ normalize: 'layer_norm' })).toContain('divided by its standard deviation')
    expect(await notes({ normalize: 'constant_norm_rescale' })).toContain('scaled to the norm sqrt(d_in)')
    expect(await notes({ normalize: 'expected_average_only_in' })).toContain('multiplied by 0.7 (activation_scaler.json)')
    expect(await notes({ finetuned: true })).toContain('finetuning factor')
    expect(await notes({ architecture: 'topk', rescaleByDecoderNorm: true })).toContain('decoder norms')
    expect(await notes({ dtype: 'BF16' })).toContain('bfloat16 are computed in float32')
  })

  it('drops a finetuning factor of ones', async () => {
    const folder = await written()
    const tensors = Object.entries({ ...saeWeights(SAE_SPEC), scaling_factor: new Float32Array(96).fill(1) })
    const shape = (name: string, length: number): number[] => (name === 'W_enc' ? [24, 96] : name === 'W_dec' ? [96, 24] : [length])
    const weights = Object.fromEntries(
      tensors.map(([name, data]) => [name, { dtype: 'F32' as const, shape: shape(name, data.length), data }])
    )
    await writeSafetensors(join(folder, 'sae_weights.safetensors'), weights)
    expect((await openSae(folder)).weights.has('decode_scale')).toBe(false)
  })
})

describe('a folder is refused', () => {
  const refusal = async (folder: string): Promise<string> => (await failureOf(() => openSae(folder))).replaceAll(folder, 'FOLDER')

  it('when it does not exist, or is a file', async () => {
    const folder = await temporaryFolder()
    expect(await refusal(join(folder, 'gone'))).toContain('does not exist')
    await writeFile(join(folder, 'file'), '')
    expect(await refusal(join(folder, 'file'))).toContain('holds no tensors in a known way')
  })

  it('when it holds something else', async () => {
    expect(await refusal(await temporaryFolder())).toMatch(
      /^FOLDER is not an SAE: there are no files in it\. Choose the folder or file of one of these: SAELens \(cfg\.json and sae_weights\.safetensors\); Gemma Scope/
    )
    expect(await refusal(DEFAULT_MODEL)).toContain('is not an SAE: it holds a model')
    const reasons = {
      'cfg.json': 'cfg.json is missing beside sae_weights.safetensors',
      'sae_weights.safetensors': 'cfg.json is there, but no weights beside it'
    }
    for (const [name, reason] of Object.entries(reasons)) {
      const folder = await written()
      await rm(join(folder, name))
      expect(await refusal(folder)).toContain(`is not an SAE: ${reason}`)
    }
  })

  it('when its architecture is not known, naming the ones that are', async () => {
    expect(await refusal(await written({}, (config) => ({ ...config, architecture: 'matching_pursuit' })))).toBe(
      'The SAE architecture "matching_pursuit" in FOLDER/cfg.json is not known. Supported are: standard, gated, topk, jumprelu, batchtopk, matryoshka_batchtopk, transcoder, skip_transcoder, jumprelu_transcoder, jumprelu_skip_transcoder.'
    )
  })

  it.each([
    ['{"d_in": 24', 'is not valid JSON'],
    ['{"d_in": "24", "d_sae": 96}', 'does not describe a usable SAE: d_in: '],
    ['{"d_in": 24, "d_sae": 96, "architecture": "topk"}', 'k, the number of active latents per position, is missing'],
    ['{"d_in": 24, "d_sae": 96, "architecture": "topk", "k": 97}', 'k is 97, but there are only 96 latents'],
    ['{"d_in": 24, "d_sae": 96, "activation_fn_str": "tanh-relu"}', 'the activation function "tanh-relu" is not relu or topk'],
    ['{"d_in": 24, "d_sae": 96, "normalize_activations": "sphere"}', 'normalize_activations "sphere" is not known']
  ])('when cfg.json is %s', async (text, message) => {
    const folder = await written()
    await writeFile(join(folder, 'cfg.json'), text)
    expect(await refusal(folder)).toContain(message)
  })

  it('before it runs, when its activations need a scale that is not there; a reading gives it', async () => {
    const folder = await written({ normalize: 'expected_average_only_in' })
    await rm(join(folder, 'activation_scaler.json'))
    const open = await openSae(folder)
    expect(open.openQuestions).toEqual(['scale'])
    expect((await failureOf(() => createEncoder(openSession, open, 'cpu'))).replaceAll(folder, 'FOLDER')).toBe(
      'The SAE in FOLDER was trained on scaled activations, and its files do not hold the scale. Run the preflight, which estimates it; or give it (reading: scale), or add activation_scaler.json.'
    )
    expect(await openSae(folder, { scale: 0.7 })).toMatchObject({ inScale: 0.7, outScale: 0.7, openQuestions: [] })
  })

  it('when its weights are of another size, incomplete, cut off or of another kind', async () => {
    expect(await refusal(await written({}, (config) => ({ ...config, d_sae: 48 })))).toContain(
      'W_enc in FOLDER/sae_weights.safetensors has the shape [24, 96], but [24, 48] is needed'
    )
    expect(await refusal(await written({}, (config) => ({ ...config, architecture: 'jumprelu' })))).toContain(
      'sae_weights.safetensors has no tensor named threshold'
    )
    const folder = await written()
    await truncate(join(folder, 'sae_weights.safetensors'), 5000)
    expect(await refusal(folder)).toContain('is not a valid safetensors file: it is cut off: 5000 of')
    const finetuned = await written({ finetuned: true }, (config) => ({ ...config, finetuning_scaling_factor: false }))
    expect(await refusal(finetuned)).toContain(
      'the weights hold a finetuning factor (scaling_factor) but finetuning_scaling_factor is not true'
    )
    const whole = await written()
    const tensors = Object.entries(saeWeights(SAE_SPEC)).map(([name, data]) => [
      name,
      name === 'b_enc'
        ? { dtype: 'I32' as const, shape: [data.length], data: Int32Array.from(data) }
        : { dtype: 'F32' as const, shape: name === 'W_enc' ? [24, 96] : name === 'W_dec' ? [96, 24] : [data.length], data }
    ])
    await writeSafetensors(join(whole, 'sae_weights.safetensors'), Object.fromEntries(tensors))
    expect(await refusal(whole)).toContain('b_enc in FOLDER/sae_weights.safetensors is stored as I32')
  })
})
