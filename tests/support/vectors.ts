/** What a format is given to write. */
import type { Content, LayerVector } from '../../src/main/vectors/types'
import type { Intervention, Recipe } from '../../src/shared/records/steering'

/** Numbers whose bits are easily lost: denormal, negative zero, the largest, one that is not short in decimals. */
export const TRICKY = Float32Array.of(1, -2.5, 2 ** -149, -0, 3.4028234663852886e38, Math.fround(0.1), 7, -1e-30)

export const SAE_HASH = 'sha256:5ae'

export function edit(some: Partial<Intervention> = {}): Intervention {
  return { latent: 7, mode: 'add', coefficient: 8, positions: 'all', ...some }
}

export function recipeOf(interventions: Intervention[], some: Partial<Recipe> = {}): Recipe {
  return { id: 'r', name: 'joy – ☺', interventions, keepError: true, ...some }
}

/** Content whose vectors are given. */
export function contentOf(vectors: LayerVector[], recipe: Recipe = recipeOf([edit()])): Content {
  return {
    recipe,
    sae: { name: 'an SAE', path: '/saes/one', hash: SAE_HASH, hook: null, reading: {} },
    model: { name: 'a model', path: '/models/one', hash: 'sha256:m0de1', type: 'llama' },
    workbench: '9.9.9',
    vectors: () => Promise.resolve(vectors)
  }
}
