import { describe, expect, it } from 'vitest'
import { asHere, lineFor, nameOfPath } from '../../../../src/renderer/utils/taken-away'
import type { Recipe, RecipeSae } from '../../../../src/shared/records/steering'

const sae = (hash: string): RecipeSae => ({ name: `SAE ${hash}`, path: `/elsewhere/${hash}`, hash, hook: null, reading: {} })
const RECIPE: Recipe = {
  id: 'r',
  name: 'joy',
  interventions: [
    {
      sae: 'own',
      latent: 1,
      mode: 'add',
      coefficient: 2,
      positions: 'all',
      condition: { kind: 'activation', sae: 'own', latent: 5, is: 'above', bound: 0 }
    },
    { sae: 'known', latent: 2, mode: 'add', coefficient: 2, positions: 'all' },
    { sae: 'gone', latent: 3, mode: 'add', coefficient: 2, positions: 'all' },
    { direction: 'd', latent: 0, mode: 'add', coefficient: 1, positions: 'all' }
  ],
  keepError: true,
  saes: [sae('own'), sae('known'), sae('gone')]
}

describe('an imported recipe', () => {
  it("does not name the bench's SAE, finds others in the library by their hashes, and says which are nowhere", () => {
    const library = [
      { hash: 'own', path: '/saes/own' },
      { hash: 'known', path: '/saes/known' }
    ]
    const { recipe, missing } = asHere(RECIPE, library, 'own')
    expect(recipe.interventions.map((edit) => edit.sae)).toEqual([undefined, 'known', 'gone', undefined])
    expect(Object.keys(recipe.interventions[0] ?? {})).not.toContain('sae')
    expect(recipe.interventions[0]?.condition).toEqual({ kind: 'activation', latent: 5, is: 'above', bound: 0 })
    expect(recipe.saes?.map(({ path }) => path)).toEqual(['/saes/known', '/elsewhere/gone'])
    expect(missing).toEqual(['SAE gone'])
  })

  it('keeps every name on a bench of another SAE, and has no list of SAEs without any', () => {
    expect(asHere(RECIPE, [], 'another').recipe).toEqual(RECIPE)
    expect(asHere({ ...RECIPE, saes: [sae('own')] }, [], 'own').recipe).not.toHaveProperty('saes')
  })
})

it('the line that uses a file quotes paths that need it', () => {
  expect(lineFor('gguf', '/a/joy.gguf')).toBe('llama-cli -m MODEL.gguf --control-vector /a/joy.gguf -p "Once upon a"')
  expect(lineFor('gguf', '/a b/joy.gguf')).toContain('"/a b/joy.gguf"')
  expect(lineFor('safetensors', 'C:\\joy.safetensors')).toContain('load_file("C:\\\\joy.safetensors")')
  expect(lineFor('json', '/a/joy.json')).toBeNull()
  expect(nameOfPath('C:\\a\\joy.npy')).toBe('joy.npy')
})
