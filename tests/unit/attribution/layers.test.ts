/**
 * All layers at once against each layer alone, whose rankings are checked against PyTorch (tests/pipeline/cli-numbers.test.ts) and finite
 * differences (gradients.test.ts), and against what really scaling a latent does.
 *
 * LIKE is relative to the largest score of a layer: both sides run the same float32 operations, but in other graphs, whose optimisers
 * join them differently. The largest difference seen is 9e-7.
 */
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LayersInput } from '../../../src/shared/contract/engine'
import { hookValues, suffixLogits } from '../../../src/main/attribution'
import type { EngineHandlers } from '../../../src/main/engine/handlers'
import { openModel, widthOf } from '../../../src/main/models'
import type { Model } from '../../../src/main/models/types'
import { decode } from '../../../src/main/saes'
import { Cancelled } from '../../../src/shared/errors'
import { LayersRanking, type LayerRanking } from '../../../src/shared/records/layers'
import type { Ranking } from '../../../src/shared/records/ranking'
import { DEFAULT_SAES, openTestBench } from '../../support/benches'
import { handlerTask, openEngine } from '../../support/engine'
import { failureOf } from '../../support/failing'
import { removeFolder, temporaryFolderForFile } from '../../support/file-folder'
import { DEFAULT_MODEL, readTinyGolden, TINY_MODELS } from '../../support/models'
import { SAE_SPEC, writeSae, type SaeSpec } from '../../support/random-sae'
import { writeTranscoder } from '../../support/transcoder'

const LIKE = 1e-5
/** Step and tolerance of gradients.test.ts. */
const STEP = 0.005
const SLOPE = 1e-3

let engine: EngineHandlers
const folders: string[] = []
beforeAll(() => void (engine = openEngine()))
afterAll(() => Promise.all(folders.map(removeFolder)))

type Request = Omit<LayersInput, 'model' | 'saes' | 'device'>
const BASE = { target: null, includeSpecial: true } as const

const together = (model: string, saes: readonly string[], request: Request): Promise<LayersRanking> =>
  Promise.resolve(
    engine['attribution.layers']({ model, saes: saes.map((sae) => ({ sae, hook: null })), device: 'cpu', ...request }, handlerTask())
  )

const alone = (model: string, { hook, sae }: LayerRanking, request: Request): Promise<Ranking> =>
  Promise.resolve(
    engine['attribution.rank']({ model, sae: sae.path, hook, device: 'cpu', method: 'attribution', ...request }, handlerTask())
  )

/** The same latents with the same scores, and the same numbers about the layer. */
async function checkAlike(model: string, saes: readonly string[], request: Request): Promise<LayersRanking> {
  const ranking = await together(model, saes, request)
  expect(ranking.layers).toHaveLength(saes.length)
  for (const layer of ranking.layers) {
    const one = await alone(model, layer, request)
    expect(ranking.target.id).toBe(one.target.id)
    expect(ranking.target.label).toBe(one.target.label)
    expect(Math.abs(ranking.target.value - one.target.value)).toBeLessThan(LIKE * Math.max(1, Math.abs(one.target.value)))
    const size = Math.max(...one.latents.map(({ score }) => Math.abs(score)))
    const scores = new Map(one.latents.map(({ latent, score }) => [latent, score]))
    expect(layer.latents.map(({ latent }) => latent).sort()).toEqual([...scores.keys()].sort())
    for (const { latent, score } of layer.latents) {
      expect(Math.abs(score - (scores.get(latent) ?? NaN)), `${layer.hook} ${latent}`).toBeLessThanOrEqual(LIKE * size)
    }
    expect(layer.entries.position).toEqual(one.entries.position)
    expect(layer.entries.latent).toEqual(one.entries.latent)
    expect(layer.fvu).toBeCloseTo(one.fvu, 5)
    expect(layer.l0).toBe(one.l0)
    expect(layer.identity.relativeGap).toBeLessThan(1e-4)
    const parts = Math.abs(one.identity.latents) + Math.abs(one.identity.decoderBias) + Math.abs(one.identity.error)
    expect(Math.abs(layer.identity.error - one.identity.error)).toBeLessThanOrEqual(LIKE * parts)
    const sums = new Array<number>(ranking.tokens.length).fill(0)
    layer.entries.position.forEach((at, entry) => (sums[at] = (sums[at] ?? 0) + Math.abs(layer.entries.score[entry] ?? 0)))
    expect(layer.byPosition).toEqual(sums)
  }
  return ranking
}

async function folder(): Promise<string> {
  const made = await temporaryFolderForFile()
  folders.push(made)
  return made
}

const sae = async ({ config }: Model, hook: string, change: Partial<SaeSpec> = {}): Promise<string> =>
  writeSae(join(await folder(), 'sae'), { ...SAE_SPEC, hook, d_in: widthOf(config, hook), ...change })

const SETTINGS: [string, Partial<Request>][] = [
  ['the greedy token’s probability', { targetKind: 'probability', aggregation: 'mean-relu' }],
  ['a log-probability at an earlier position', { targetKind: 'log-probability', position: 2 }],
  ['a difference of logits', { targetKind: 'logit-difference', target: { plus: [{ id: 4 }, { id: 9 }], minus: [{ id: 7 }] } }],
  ['a continuation', { targetKind: 'continuation', target: { continuation: { ids: [5, 8, 3] } }, aggregation: 'absolute-sum' }],
  ['the loss on a span', { targetKind: 'cross-entropy', target: { from: 1, to: 3 }, aggregation: 'mean' }],
  ['some positions alone', { scope: { kind: 'range', from: 1, to: 2 }, aggregation: 'max' }],
  ['frozen attention and norms', { frozen: { attention: true, norms: true } }]
]

describe.each(TINY_MODELS.map((path, at) => ({ path, at, name: basename(path) })))('the layers of $name', ({ path, at }) => {
  const { ids, target } = readTinyGolden(path)
  let saes: string[]
  beforeAll(async () => {
    const model = await openModel(path)
    const last = model.config.n_layers - 1
    saes = [
      await sae(model, `blocks.${last}.hook_resid_post`, { architecture: 'topk' }),
      await sae(model, 'blocks.0.hook_resid_pre'),
      await sae(model, 'blocks.1.hook_resid_pre', { normalize: 'layer_norm' }),
      await sae(model, 'blocks.1.attn.hook_z'),
      await sae(model, 'blocks.1.hook_attn_out', { architecture: 'jumprelu' }),
      await sae(model, 'blocks.1.mlp.hook_post', { architecture: 'topk', k: 5 }),
      await writeTranscoder(await folder(), model.config.d_model, 'blocks.1.ln2.hook_normalized', 'blocks.1.hook_mlp_out'),
      await sae(model, 'blocks.0.hook_resid_post', { architecture: 'topk' }),
      await sae(model, `blocks.${last}.hook_resid_mid`)
    ]
  })

  it('ranked together are what each is alone, on and off the stream, two at one hook point, with a transcoder', async () => {
    const ranking = await checkAlike(path, saes, { ...BASE, prompt: { ids }, target: { id: target } })
    expect(LayersRanking.parse(ranking)).toEqual(ranking)
    expect(ranking.layers.map(({ hook }) => hook)).toEqual([
      'blocks.0.hook_resid_pre',
      'blocks.1.hook_resid_pre',
      'blocks.0.hook_resid_post',
      'blocks.1.attn.hook_z',
      'blocks.1.hook_attn_out',
      'blocks.1.mlp.hook_post',
      'blocks.1.hook_mlp_out',
      'blocks.2.hook_resid_mid',
      'blocks.2.hook_resid_post'
    ])
    expect(ranking.target).toMatchObject({ kind: 'logit', chosenBy: 'user' })
    expect(ranking.formula).toContain('the model’s own values')
  })

  it.each(SETTINGS.filter((_, index) => index % 2 === at))('explain %s as each does alone', async (_, change) => {
    await checkAlike(path, saes.slice(0, 3), { ...BASE, prompt: { ids }, ...change })
  })

  it('have scores that are the slopes of really scaling a latent, whatever other layers are ranked beside', async () => {
    const { layers } = await together(path, saes, { ...BASE, prompt: { ids }, target: { id: target } })
    for (const hook of ['blocks.0.hook_resid_post', 'blocks.1.attn.hook_z']) {
      const layer = layers.find((each) => each.hook === hook)
      const [best] = layer?.latents ?? []
      if (!layer || !best) throw new Error(`${hook} has latents`)
      const measured = await scaledSlope(path, layer, best.latent, ids, target)
      expect(Math.abs(measured - best.score)).toBeLessThan(SLOPE * Math.abs(best.score))
    }
  })
})

/**
 * df/dh at h = 0 of the target's logit with the latent's activations times (1 + h) and the error term kept, by the fourth-order central
 * difference of gradients.test.ts, whose step and tolerance these are.
 */
async function scaledSlope(
  path: string,
  { hook, sae: { path: folder } }: LayerRanking,
  latent: number,
  ids: number[],
  id: number
): Promise<number> {
  const bench = await openTestBench(path, folder)
  expect(bench.hook).toBe(hook)
  const own = await hookValues(bench, ids)
  const active = await bench.encoder.encode(own.input, ids.length, own.value)
  const u = active.latents.indexOf(latent)
  const at = async (h: number): Promise<number> => {
    const Z = active.Z.map((z, index) => (index % active.latents.length === u ? z * (1 + h) : z))
    const values = decode(active, Z).map((y, index) => y + (active.error[index] ?? 0))
    const [logits] = await suffixLogits(bench, 1, values, own.beside)
    return logits?.[id] ?? NaN
  }
  const near = (await at(STEP)) - (await at(-STEP))
  const far = (await at(2 * STEP)) - (await at(-2 * STEP))
  return (8 * near - far) / (12 * STEP)
}

it('the default model’s layers ranked together are what each is alone', async () => {
  const saes = ['blocks.1.hook_resid_post-topk-2048', 'blocks.3.hook_resid_post-topk-2048', 'blocks.4.hook_resid_post-topk-2048']
  const ranking = await checkAlike(
    DEFAULT_MODEL,
    saes.map((name) => join(DEFAULT_SAES, name)),
    { ...BASE, prompt: { text: 'Mia lost her red ball in the park. She felt very' } }
  )
  expect(ranking.top[0]?.text).toBe(' sad')
})

describe('a ranking of layers', () => {
  const [tiny = ''] = TINY_MODELS
  const { ids } = readTinyGolden(tiny)
  const request = { ...BASE, prompt: { ids } }
  let model: Model
  beforeAll(async () => void (model = await openModel(tiny)))

  it('says which SAE names no hook point, and takes one that is given', async () => {
    const nameless = await sae(model, 'blocks.1.hook_resid_post', { hook: null })
    expect(await failureOf(() => together(tiny, [nameless], request))).toBe(
      `The SAE in ${nameless} does not name its hook point. Choose the hook point (--hook on the command line).`
    )
    const input = { model: tiny, saes: [{ sae: nameless, hook: 'blocks.0.hook_resid_mid' }], device: 'cpu' as const, ...request }
    const { layers } = await engine['attribution.layers'](input, handlerTask())
    expect(layers.map(({ hook }) => hook)).toEqual(['blocks.0.hook_resid_mid'])
  })

  it('says which SAE does not fit the model', async () => {
    const far = await sae(model, 'blocks.1.hook_resid_post', { hook: 'blocks.9.hook_resid_post' })
    expect(await failureOf(() => together(tiny, [far], request))).toContain(
      'The SAE sae belongs at blocks.9.hook_resid_post, which the model tiny-gpt2 does not have. Leave the SAE out, or choose its hook point: blocks.0.hook_resid_pre,'
    )
    const wide = await sae(model, 'blocks.1.hook_resid_post', { d_in: 32 })
    expect(await failureOf(() => together(tiny, [wide], request))).toContain(
      'The SAE sae reads vectors of 32 numbers, but blocks.1.hook_resid_post of tiny-gpt2 has 24.'
    )
  })

  it('refuses an SAE that is listed twice', async () => {
    const one = await sae(model, 'blocks.1.hook_resid_post')
    expect(await failureOf(() => together(tiny, [one, one], request))).toBe(
      'The SAE sae is listed twice at blocks.1.hook_resid_post. Leave one of them out.'
    )
  })

  it('is cancelled between its SAEs', async () => {
    const saes = [await sae(model, 'blocks.0.hook_resid_post'), await sae(model, 'blocks.1.hook_resid_post')]
    const abort = new AbortController()
    const stages: string[] = []
    const progress = (stage: string): void => {
      stages.push(stage)
      if (stage.startsWith('Encoding blocks.0')) abort.abort()
    }
    const input = { model: tiny, saes: saes.map((path) => ({ sae: path, hook: null })), device: 'cpu' as const, ...request }
    const run = async (): Promise<LayersRanking> => engine['attribution.layers'](input, { ...handlerTask(abort.signal), progress })
    await expect(run()).rejects.toBeInstanceOf(Cancelled)
    expect(stages).toEqual(['Taking the gradient', 'Encoding blocks.0.hook_resid_post'])
  })

  it('warns of special tokens left out and of SAEs that do not describe the model, by name', async () => {
    const ranking = await together(tiny, [await sae(model, 'blocks.1.hook_resid_post')], { ...request, includeSpecial: false })
    expect(ranking.warnings.join(' ')).toContain('blocks.1.hook_resid_post: the reconstruction of sae is worse than the mean')
    expect(ranking.warnings.join(' ')).toContain('Special tokens were left out: scores cover')
  })
})
