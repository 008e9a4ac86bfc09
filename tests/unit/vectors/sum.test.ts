/** Vectors of recipes on the default model, beside the rows of W_dec read straight from its SAEs' files. */
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../../src/main/models'
import type { Model } from '../../../src/main/models/types'
import { openSae } from '../../../src/main/saes'
import { vectorToText } from '../../../src/main/steering/vector-text'
import { readRows, readSafetensors } from '../../../src/main/tensors/safetensors'
import { summedVectors, type PlacedSae } from '../../../src/main/vectors'
import type { Intervention, Recipe } from '../../../src/shared/records/steering'
import { failureOf } from '../../support/failing'
import { DEFAULT_MODEL } from '../../support/models'
import { edit, recipeOf } from '../../support/vectors'

const saeFolder = (name: string): string => join(DEFAULT_MODEL, '../saes', name)
const OWN = saeFolder('blocks.3.hook_resid_post-topk-2048')
const OTHER = saeFolder('blocks.4.hook_resid_post-topk-2048')

let model: Model
const saes = new Map<string, PlacedSae>()
beforeAll(async () => {
  model = await openModel(DEFAULT_MODEL)
  for (const [name, folder] of [
    ['own', OWN],
    ['other', OTHER]
  ] as const) {
    const sae = await openSae(folder)
    saes.set(name, { sae, hook: sae.hook ?? '' })
  }
})

function sumOf(interventions: Intervention[], some: Partial<Recipe> = {}): ReturnType<typeof summedVectors> {
  return summedVectors(recipeOf(interventions, some), model, (hash = 'own') => Promise.resolve(saes.get(hash) as PlacedSae))
}

/** Rows of W_dec as the file holds them. */
async function rowsOf(folder: string, latents: number[]): Promise<Float32Array[]> {
  const file = await readSafetensors(join(folder, 'sae_weights.safetensors'))
  const rows = await readRows(file, 'W_dec', latents)
  return latents.map((_, index) => rows.slice(index * 192, (index + 1) * 192))
}

describe('the summed vectors of a recipe', () => {
  it('are float32 of factor x row for one edit, in every unit that does not look at the text', async () => {
    const [row] = await rowsOf(OWN, [402])
    const norm = Math.hypot(...(row ?? []))
    for (const [unit, factor] of [
      ['row', 3.7],
      ['unit-row', 3.7 / norm],
      ['max', 3.7 * 12.34],
      ['typical', 3.7 * 12.34]
    ] as const) {
      const [found, ...others] = await sumOf([edit({ latent: 402, coefficient: 3.7, unit, unitValue: 12.34 })])
      expect(others).toEqual([])
      expect(found?.layer).toBe(3)
      // Math.hypot and a plain sum of squares may differ in the last bit of float64, which float32 seldom shows: one unit in its last place.
      row?.forEach((number, index) =>
        expect(Math.abs((found?.vector[index] ?? NaN) - Math.fround(factor * number))).toBeLessThanOrEqual(
          unit === 'unit-row' ? 2 ** -23 * Math.abs(factor * number) : 0
        )
      )
    }
  })

  it('are one per block, over SAEs and directions, rounded once', async () => {
    const direction = Float32Array.from({ length: 192 }, (_, index) => Math.fround(Math.sin(index)))
    const [a, b] = await rowsOf(OWN, [1, 2])
    const [c] = await rowsOf(OTHER, [3])
    // resid_pre of block 4 is resid_post of block 3: the direction joins the edits there.
    const directions = [{ id: 'd', name: 'd', hook: 'blocks.4.hook_resid_pre', vector: vectorToText(direction), origin: 'by hand' }]
    const found = await sumOf(
      [
        edit({ latent: 3, coefficient: 0.3, sae: 'other' }),
        edit({ latent: 1, coefficient: 0.1 }),
        edit({ latent: 2, coefficient: -5 }),
        edit({ latent: 0, direction: 'd', coefficient: 2.2 })
      ],
      { directions }
    )
    const at = (row: Float32Array | undefined, index: number): number => row?.[index] ?? NaN
    expect(found).toEqual([
      { layer: 3, vector: Float32Array.from(direction, (d, i) => 0.1 * at(a, i) + -5 * at(b, i) + 2.2 * d) },
      { layer: 4, vector: Float32Array.from(direction, (_, i) => 0.3 * at(c, i)) }
    ])
  })

  it.each<[string, Partial<Intervention>, string]>([
    ['set', { mode: 'set' }, 'its edit of latent 7 (set 8) has the mode "set", whose effect depends on the text'],
    ['projections', { mode: 'project', coefficient: 0 }, 'its edit of latent 7 (project 0) has the mode "project"'],
    ['shares of the residual stream', { unit: 'residual' }, 'is measured by the length of the residual stream at each position'],
    ['multiples of the largest activation', { unit: 'largest' }, 'is measured by the largest activation at each position'],
    ['multiples of what is not said', { unit: 'max' }, 'does not say what its unit "max" stands for'],
    ['conditions', { condition: { kind: 'activation', latent: 3, is: 'above', bound: 0 } }, 'acts only where a condition holds'],
    ['some positions', { positions: 'generated' }, 'acts at the positions "generated", and a vector is added at all']
  ])('do not exist for %s, and the refusal names the edit', async (_, some, reason) => {
    await expect(sumOf([edit({ latent: 5, coefficient: 0 }), edit(some)])).rejects.toMatchObject({
      code: 'VECTOR_REFUSED',
      message: expect.stringMatching(/^The recipe "joy – ☺" cannot be written as vectors: /)
    })
    expect(await failureOf(() => sumOf([edit(some)]))).toContain(reason)
  })

  it('do not exist for recipes that drop the error, freeze attention or have no edit', async () => {
    expect(await failureOf(() => sumOf([edit()], { keepError: false }))).toContain("it drops the SAE's error term")
    expect(await failureOf(() => sumOf([edit()], { freezeAttention: true }))).toContain('it freezes the attention patterns')
    expect(await failureOf(() => sumOf([]))).toContain('it has no edit')
  })

  it('do not exist for places that are no output of a block', async () => {
    const at = (hook: string): Promise<string> =>
      failureOf(() =>
        sumOf([edit({ latent: 0, direction: 'd' })], {
          directions: [{ id: 'd', name: 'joy', hook, vector: vectorToText(new Float32Array(192)), origin: '' }]
        })
      )
    expect(await at('blocks.2.hook_resid_mid')).toContain('its edit of direction "joy" (add 8) acts at blocks.2.hook_resid_mid')
    expect(await at('blocks.0.hook_resid_pre')).toContain('acts at blocks.0.hook_resid_pre')
    expect(await at('blocks.9.hook_resid_post')).toContain('has no hook point "blocks.9.hook_resid_post"')
  })

  it('refuses directions that are not there, of another width, or no numbers', async () => {
    const of = (vector: string, id = 'd'): Promise<string> =>
      failureOf(() =>
        sumOf([edit({ latent: 0, direction: id })], {
          directions: [{ id: 'd', name: 'joy', hook: 'blocks.3.hook_resid_post', vector, origin: '' }]
        })
      )
    expect(await of('', 'e')).toContain('The direction "e" cannot be used: the recipe "joy – ☺" has no direction of that id.')
    expect(await of(vectorToText(new Float32Array(24)))).toContain('it has 24 numbers, and its hook point has 192')
    expect(await of('joy')).toContain('its numbers are not float32 as base64')
    expect(await of(vectorToText(new Float32Array(192).fill(NaN)))).toContain('a number in it is not finite')
  })
})
