import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createLens, latentDetail, openLabels, openSae } from '../../../src/main/saes'
import type { Sae } from '../../../src/main/saes/types'
import { openModel } from '../../../src/main/models'
import { openSession } from '../../../src/main/runtime'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { EXPORT, startStore } from '../../support/label-store'
import { TINY_MODELS } from '../../support/models'
import { SAE_SPEC, saeWeights, writeSae } from '../../support/random-sae'
import { readSafetensors, readTensor } from '../../../src/main/tensors/safetensors'

async function labelled(text: string): Promise<string> {
  const folder = await writeSae(await temporaryFolder(), SAE_SPEC)
  await writeFile(join(folder, 'latents.jsonl'), text)
  return folder
}

const labelsOf = async (text: string) => openLabels(await openSae(await labelled(text)), null)

const LINE = '{"id":3,"label":"rain – wet","label_from":"word","rate":0.25,"max":9.5,"contexts":[{"ids":[0,9,14],"acts":[0,1.5,0],"at":1}]}'

it('lists the labels by number and reads what was measured of one latent again', async () => {
  const labels = await labelsOf(`${LINE}\n\n{"id":0,"label":"sun"}\n{"id":1,"label":null}\n`)
  expect(labels.all).toEqual([
    { latent: 0, label: 'sun', source: '' },
    { latent: 3, label: 'rain – wet', source: 'word' }
  ])
  expect(await labels.measured(3)).toMatchObject([{ record: { rate: 0.25, max: 9.5, contexts: [{ ids: [0, 9, 14], at: 1 }] } }])
  expect(await labels.measured(0)).toEqual([])
  expect(await labels.measured(50)).toEqual([])
})

it('has no labels where there is no file', async () => {
  const labels = await openLabels(await openSae(await writeSae(await temporaryFolder(), SAE_SPEC)), null)
  expect(labels.all).toEqual([])
  expect(await labels.measured(0)).toEqual([])
})

it.each([
  [`${LINE}\n{"id":`, 'line 2: '],
  ['{"label":"no id"}', 'line 1: id: '],
  [`${LINE}\n${LINE}`, 'line 2: the latent 3 occurs twice'],
  ['{"id":96,"label":"x"}', 'line 1: there is no latent 96: they are numbered 0 to 95'],
  [`{"id":1,"label":"${'x'.repeat(2 ** 20)}"}`, 'line 1: it is longer than 1048576 bytes']
])('refuses a bad file by its line (%#)', async (text, message) => {
  const failure = await failureOf(() => labelsOf(text))
  expect(failure).toContain(`latents.jsonl cannot be used: ${message}`)
  expect(failure).toContain('Restore the file, or remove it to work without labels.')
})

it('refuses a record whose contexts do not fit together when it is asked for', async () => {
  const labels = await labelsOf('{"id":1,"label":"x","contexts":[{"ids":[1,2],"acts":[1],"at":0}]}')
  expect(await failureOf(() => labels.measured(1))).toContain('a context has one activation for each token')
})

it('a line that arrives in several pieces is one line', async () => {
  const lines = Array.from({ length: 96 }, (_, id) =>
    JSON.stringify({ id, label: `é${id}`, contexts: [{ ids: new Array(9000).fill(1), acts: new Array(9000).fill(0), at: 0 }] })
  )
  const labels = await labelsOf(lines.join('\n'))
  expect(labels.all.map(({ label }) => label)).toEqual(lines.map((_, id) => `é${id}`))
  expect((await labels.measured(95))[0]?.record.contexts?.[0]?.ids).toHaveLength(9000)
})

it.each(TINY_MODELS)('the detail of a latent has its decoder row seen through the unembedding of %s', async (folder) => {
  const model = await openModel(folder)
  const sae = await openSae(await labelled(LINE))
  const lens = await createLens(openSession, model, 'cpu')
  const detail = await latentDetail(lens, sae, await openLabels(sae, null), 3)
  await lens.release()

  const { W_dec } = saeWeights(SAE_SPEC)
  const row = Array.from(W_dec?.subarray(3 * 24, 4 * 24) ?? [])
  const { unembed, gain, centre } = model.architecture.lens(model.config, model.rawConfig)
  const file = await readSafetensors(join(folder, 'model.safetensors'))
  const numbers = (name: string) => readTensor(file, model.weights.get(name)?.name ?? '')
  const [U, g] = [await numbers(unembed), await numbers(gain)]
  const mean = centre ? row.reduce((sum, value) => sum + value, 0) / row.length : 0
  const weights = Array.from({ length: model.config.d_vocab }, (_, id) =>
    row.reduce((sum, value, j) => sum + (value - mean) * (g[j] ?? 0) * (U[id * 24 + j] ?? 0), 0)
  )
  const order = weights.map((weight, id) => ({ weight, id })).sort((a, b) => b.weight - a.weight)
  expect(detail.promoted.map(({ id }) => id)).toEqual(order.slice(0, 10).map(({ id }) => id))
  expect(detail.suppressed.map(({ id }) => id)).toEqual(
    order
      .slice(-10)
      .reverse()
      .map(({ id }) => id)
  )
  // Sums of 24 float32 products.
  expect(detail.promoted[0]?.weight).toBeCloseTo(order[0]?.weight ?? NaN, 5)
  expect(detail.decoderNorm).toBeCloseTo(Math.hypot(...row), 6)
  expect(detail).toMatchObject({ label: 'rain – wet', labelSource: 'word', rate: 0.25, maxActivation: 9.5 })
  expect(detail.contexts[0]).toMatchObject({ at: 1, activations: [0, 1.5, 0], tokens: [{ id: 0 }, { id: 9 }, { id: 14 }] })
})

it('the detail is refused for a latent that does not exist and for an SAE of another width', async () => {
  const model = await openModel(TINY_MODELS[0] ?? '')
  const lens = await createLens(openSession, model, 'cpu')
  const sae = await openSae(await labelled(LINE))
  expect(await failureOf(async () => latentDetail(lens, sae, await openLabels(sae, null), 96))).toContain('has no latent 96')
  const narrow = await openSae(await writeSae(await temporaryFolder(), { ...SAE_SPEC, d_in: 16 }))
  expect(await failureOf(async () => latentDetail(lens, narrow, await openLabels(narrow, null), 0))).toContain(
    'reads vectors of 16 numbers, but blocks.1.hook_resid_post of tiny-gpt2 has 24'
  )
  await lens.release()
})

it('a maximum that was measured with folded decoder norms is shown in the units of the weights, with who measured it', async () => {
  const model = await openModel(TINY_MODELS[0] ?? '')
  const lens = await createLens(openSession, model, 'cpu')
  const { root, sae, take } = await startStore()
  await take(EXPORT)
  const detail = await latentDetail(lens, sae, await openLabels(sae, root), 9)
  // The export says 3.25 of latent 9.
  expect((detail.maxActivation ?? 0) * detail.decoderNorm).toBeCloseTo(3.25, 6)
  expect(detail).toMatchObject({ rate: 0.01, measuredBy: 'Neuronpedia tiny-gpt2/1-res-tiny' })
  expect(detail.explanations.map(({ label }) => label)).toEqual(['about the number 9', 'promotes " up9", " more"'])
  // Activations that are multiplied by the decoder norms before they are selected are in those units already.
  const byNorm: Sae = { ...sae, gate: { kind: 'topk', k: 8, byDecoderNorm: true } }
  expect((await latentDetail(lens, byNorm, await openLabels(sae, root), 9)).maxActivation).toBe(3.25)
  await lens.release()
})

it('a latent that does not write into the residual stream promotes no tokens', async () => {
  const model = await openModel(TINY_MODELS[0] ?? '')
  const lens = await createLens(openSession, model, 'cpu')
  const sae = await openSae(await writeSae(await temporaryFolder(), { ...SAE_SPEC, hook: 'blocks.1.attn.hook_z' }))
  expect(await latentDetail(lens, sae, await openLabels(sae, null), 0)).toMatchObject({ promoted: [], suppressed: [] })
  await lens.release()
})
