import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { json } from '../../../../src/main/vectors/formats/json'
import type { Recipe } from '../../../../src/shared/records/steering'
import { temporaryFolder } from '../../../support/folder'
import { contentOf, edit, recipeOf, SAE_HASH } from '../../../support/vectors'

/** A recipe with one of everything. */
const EVERYTHING: Recipe = recipeOf(
  [
    edit({ unit: 'max', unitValue: 12.345678901234567, positions: 'range', range: [2, 9] }),
    edit({
      mode: 'clamp',
      coefficient: 0,
      upper: 4,
      sae: 'sha256:other',
      condition: { kind: 'activation', latent: 3, is: 'above', bound: 0.5 }
    }),
    edit({
      direction: 'd',
      latent: 0,
      mode: 'cap',
      condition: { kind: 'probability', token: { id: 5, text: ' ☺', special: false }, is: 'below', bound: 1e-9 }
    })
  ],
  {
    keepError: false,
    editSpecial: false,
    freezeAttention: true,
    saes: [{ name: 'other', path: '/saes/other', hash: 'sha256:other', hook: 'blocks.1.hook_resid_pre', reading: { k: 3 } }],
    directions: [{ id: 'd', name: 'd', hook: 'blocks.0.hook_resid_post', vector: 'AACAPw==', origin: 'by hand' }]
  }
)

async function written(change: (file: Record<string, unknown>) => unknown = (file) => file): Promise<string> {
  const path = join(await temporaryFolder(), 'recipe.json')
  await json.write?.(path, contentOf([], EVERYTHING))
  const file: unknown = change(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)
  await writeFile(path, typeof file === 'string' ? file : JSON.stringify(file))
  return path
}

describe('json', () => {
  it('gives back the recipe as it was, with names and hashes', async () => {
    const path = await written()
    expect(json.matches(await readFile(path))).toBe(true)
    const sae = { name: 'an SAE', path: '/saes/one', hash: SAE_HASH, hook: null, reading: {} }
    const model = { name: 'a model', path: '/models/one', hash: 'sha256:m0de1' }
    expect(await json.read(path)).toEqual({ kind: 'recipe', recipe: EVERYTHING, sae, model, notes: [] })
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ format: 'gradsae recipe', version: 1, workbench: '9.9.9', model })
  })

  it.each<[string, (file: Record<string, unknown>) => unknown, string]>([
    ['another kind of file', () => ({ format: 'something' }), 'it does not say "format": "gradsae recipe"'],
    ['a later version', (file) => ({ ...file, version: 2 }), 'it has version 2, and this version of the workbench reads 1'],
    ['no recipe', (file) => ({ ...file, recipe: undefined }), 'recipe: '],
    [
      'an unknown mode',
      (file) => ({ ...file, recipe: recipeOf([{ ...edit(), mode: 'explode' } as never]) }),
      'recipe.interventions.0.mode'
    ],
    [
      'an unknown key',
      (file) => ({ ...file, recipe: recipeOf([{ ...edit(), twice: true } as never]) }),
      '"recipe.interventions[0].twice" is not known'
    ],
    [
      'a number too large for one',
      (file) => JSON.stringify({ ...file, recipe: recipeOf([edit({ coefficient: 777 })]) }).replace('777', '1e999'),
      'recipe.interventions.0.coefficient'
    ],
    ['a key of the file itself', (file) => ({ ...file, run: 'rm' }), '"run" is not known'],
    [
      'too many edits',
      (file) => ({ ...file, recipe: recipeOf(new Array(1025).fill(edit())) }),
      'it has 1025 edits, more than the 1024 that are read'
    ]
  ])('refuses %s', async (_, change, reason) => {
    const path = await written(change)
    await expect(json.read(path)).rejects.toMatchObject({ code: 'RECIPE_FILE_INVALID', message: expect.stringContaining(reason) })
    await expect(json.read(path)).rejects.toThrow(/ is not a recipe that can be read: /)
  })
})
