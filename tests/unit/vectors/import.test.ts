import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../../src/main/models'
import type { Model } from '../../../src/main/models/types'
import { vectorOf, vectorToText } from '../../../src/main/steering/vector-text'
import { writeGguf } from '../../../src/main/tensors/write-gguf'
import { exportRecipe, importRecipe } from '../../../src/main/vectors'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'
import { TINY_MODELS } from '../../support/models'
import { npyHeader, npyOf } from '../../support/npy'
import { contentOf, edit, recipeOf, SAE_HASH } from '../../support/vectors'

/** 24 numbers at every position of the residual stream and 3 blocks. */
let model: Model
beforeAll(async () => {
  model = await openModel(TINY_MODELS[1] ?? '')
})

const VECTOR = Float32Array.from({ length: 24 }, (_, index) => Math.fround(Math.cos(index)))
const at = async (name: string): Promise<string> => join(await temporaryFolder(), name)

describe('importing', () => {
  it.each(['safetensors', 'gguf'])('%s: one recipe that adds each vector once at its block, with the bits it had', async (format) => {
    const path = await at('joy')
    const content = contentOf([{ layer: 1, vector: VECTOR }], recipeOf([edit()], { editSpecial: false }))
    const written = await exportRecipe(path, format, { ...content, model: { ...content.model, hash: model.hash } })
    expect(written).toMatchObject({ path, notes: [expect.stringContaining('special tokens')] })
    const { recipe, notes } = await importRecipe(path, model, null)
    expect(notes).toEqual([])
    const [direction] = recipe.directions ?? []
    expect(recipe).toMatchObject({
      name: 'joy – ☺',
      interventions: [{ direction: direction?.id, latent: 0, mode: 'add', coefficient: 1, unit: 'row', positions: 'all' }],
      keepError: true,
      editSpecial: false,
      directions: [{ name: 'direction.1', hook: 'blocks.1.hook_resid_post', origin: 'direction.1 of joy' }]
    })
    expect(direction && vectorOf(direction, 24)).toEqual(VECTOR)
  })

  it('json: the recipe as it was, naming the SAE that its edits mean, and a note where the model is another', async () => {
    const path = await at('joy.json')
    const directions = [{ id: 'd', name: 'd', hook: 'blocks.0.hook_resid_post', vector: vectorToText(VECTOR), origin: '' }]
    const before = recipeOf([edit({ mode: 'set', positions: 'generated' }), edit({ latent: 0, direction: 'd' })], {
      directions,
      keepError: false
    })
    await exportRecipe(path, 'json', contentOf([], before))
    const { recipe, notes } = await importRecipe(path, model, null)
    expect(notes).toEqual([expect.stringMatching(/^It was made with other files of a model \(a model, sha256:m0de1…\) than tiny-llama\.$/)])
    expect(recipe).toEqual({
      ...before,
      id: recipe.id,
      interventions: [{ ...before.interventions[0], sae: SAE_HASH }, before.interventions[1]],
      saes: [{ name: 'an SAE', path: '/saes/one', hash: SAE_HASH, hook: null, reading: {} }]
    })
    expect(recipe.id).not.toBe(before.id)
  })

  it('asks where a vector belongs whose file does not say it, and takes it there', async () => {
    const path = await at('refusal.npy')
    await writeFile(path, npyOf(npyHeader('<f4', [24]), Buffer.from(VECTOR.buffer)))
    expect(await failureOf(() => importRecipe(path, model, null))).toMatch(
      /^The vector refusal in .* does not say where it belongs\. Choose its hook point/
    )
    const { recipe } = await importRecipe(path, model, 'blocks.0.hook_mlp_out')
    expect(recipe).toMatchObject({ name: 'refusal', directions: [{ hook: 'blocks.0.hook_mlp_out' }] })
    expect(await failureOf(() => importRecipe(path, model, 'blocks.0.hook_nowhere'))).toContain('has no hook point "blocks.0.hook_nowhere"')
  })

  it('refuses vectors of other models and files that are nothing of the kind', async () => {
    const long = await at('long.gguf')
    await writeGguf(long, { 'general.architecture': 'controlvector' }, { 'direction.1': new Float32Array(32).fill(1) })
    expect(await failureOf(() => importRecipe(long, model, null))).toMatch(
      /^The vectors in .* are not for the model tiny-llama: direction\.1 has 32 numbers, and blocks\.1\.hook_resid_post has 24\./
    )
    const deep = await at('deep.gguf')
    await writeGguf(deep, { 'general.architecture': 'controlvector' }, { 'direction.40': VECTOR })
    expect(await failureOf(() => importRecipe(deep, model, null))).toContain(
      'direction.40 belongs at blocks.40.hook_resid_post, and the model has'
    )
    const other = await at('notes.txt')
    await writeFile(other, 'joy = 3')
    expect(await failureOf(() => importRecipe(other, model, null))).toMatch(
      / holds neither a recipe nor vectors in a known way\. Supported are a recipe \(\.json\), /
    )
    const empty = await at('empty')
    await writeFile(empty, '')
    expect(await failureOf(() => importRecipe(empty, model, null))).toContain('holds neither a recipe nor vectors')
    expect(await failureOf(() => importRecipe('/nowhere/joy.json', model, null))).toContain('does not exist')
  })

  it('refuses a recipe whose directions do not fit the model', async () => {
    const path = await at('joy.json')
    const directions = [{ id: 'd', name: 'd', hook: 'blocks.0.hook_resid_post', vector: vectorToText(new Float32Array(5)), origin: '' }]
    await exportRecipe(path, 'json', contentOf([], recipeOf([edit({ direction: 'd' })], { directions })))
    expect(await failureOf(() => importRecipe(path, model, null))).toContain('it has 5 numbers, and its hook point has 24')
  })
})
