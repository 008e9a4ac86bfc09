import type { LayerRanking, LayersRanking } from '../../../src/shared/records/layers'
import type { Ranking } from '../../../src/shared/records/ranking'
import type { ComparisonColumn, GeneratedToken, Recipe } from '../../../src/shared/records/steering'

/** A complete ranking record whose latents are [latent, score] pairs, best first; `change` overrides what a test is about. */
export function rankingOf(latents: readonly (readonly [number, number])[], change: Partial<Ranking> = {}): Ranking {
  return {
    method: 'gradsae',
    substitution: 'reconstruction',
    aggregation: 'mean-relu',
    includeSpecial: true,
    scope: { kind: 'all' },
    frozen: { attention: false, norms: false },
    formula: '',
    steps: null,
    seed: null,
    prompt: { text: 'Mia was' },
    counterfactual: null,
    tokens: [
      { id: 0, text: '<s>', special: true },
      { id: 5, text: 'Mia', special: false },
      { id: 6, text: ' was', special: false }
    ],
    target: {
      id: 563,
      text: ' sad',
      special: false,
      kind: 'probability',
      value: 0.9,
      probability: 0.9,
      logit: 12,
      chosenBy: 'greedy',
      label: 'probability of " sad"',
      terms: []
    },
    top: [],
    modelTop: [],
    latents: latents.map(([latent, score]) => ({
      latent,
      score,
      maxActivation: 2,
      meanActivation: 1,
      gradient: 0.1,
      signedSum: score,
      positions: 2,
      decoderNorm: 1
    })),
    entries: {
      position: new Int32Array(),
      latent: new Int32Array(),
      activation: new Float32Array(),
      gradient: new Float32Array(),
      score: new Float32Array()
    },
    identity: { total: 1, latents: 0.7, decoderBias: 0.1, error: 0.2, relativeGap: 0 },
    completeness: null,
    errorEffects: [],
    fvu: 0.1,
    l0: 32,
    exact: null,
    warnings: [],
    provenance: {
      model: { name: 'storyteller', path: '/m', hash: 'sha256:aaaaaaaaaaaa', family: 'llama', precision: 'float16' },
      sae: {
        name: 'topk',
        path: '/s',
        hash: 'sha256:bbbbbbbbbbbb',
        format: 'sae-lens',
        architecture: 'topk',
        d_sae: 2048,
        notes: [],
        reading: {}
      },
      preflight: null,
      hook: 'blocks.3.hook_resid_post',
      device: { requested: 'auto', used: 'cpu' },
      precision: 'float32',
      versions: {},
      createdAt: '2026-11-22T10:00:00Z',
      milliseconds: 100
    },
    ...change
  }
}

export function recipeOf(id: string, change: Partial<Recipe> = {}): Recipe {
  return { id, name: `Recipe ${id}`, interventions: [], keepError: true, ...change }
}

/** A generated token; `logprob` defaults to log(0.5). */
export function tokenOf(text: string, targetProbability: number | null = null, logprob = Math.log(0.5)): GeneratedToken {
  return { id: 1, text, special: false, logprob, targetProbability }
}

export function columnOf(recipe: Recipe | null, texts: readonly string[], change: Partial<ComparisonColumn> = {}): ComparisonColumn {
  return { recipe, tokens: texts.map((text) => tokenOf(text)), text: texts.join(''), finished: 'length', scores: null, ...change }
}

/** A layer of a ranking of three positions, from its pairs; the latents in the order of their first pair. */
export function layerOf(hook: string, pairs: readonly { latent: number; position: number; score: number }[]): LayerRanking {
  const { provenance, identity, fvu, l0 } = rankingOf([])
  const latents = [...new Set(pairs.map(({ latent }) => latent))]
  const byPosition = [0, 1, 2].map((at) =>
    pairs.filter(({ position }) => position === at).reduce((sum, { score }) => sum + Math.abs(score), 0)
  )
  return {
    hook,
    sae: provenance.sae,
    latents: rankingOf(
      latents.map((latent) => [latent, pairs.filter((pair) => pair.latent === latent).reduce((sum, { score }) => sum + score, 0)])
    ).latents,
    entries: {
      position: Int32Array.from(pairs, ({ position }) => position),
      latent: Int32Array.from(pairs, ({ latent }) => latent),
      activation: new Float32Array(pairs.length).fill(1),
      gradient: Float32Array.from(pairs, ({ score }) => score),
      score: Float32Array.from(pairs, ({ score }) => score)
    },
    byPosition,
    identity,
    fvu,
    l0
  }
}

/** A ranking of these layers. */
export function layersOf(layers: LayerRanking[]): LayersRanking {
  const { prompt, tokens, target, scope, frozen, provenance } = rankingOf([])
  const { sae: _sae, hook: _hook, preflight: _preflight, ...made } = provenance
  return {
    prompt,
    tokens,
    target,
    top: [],
    aggregation: 'signed-sum',
    scope,
    includeSpecial: true,
    frozen,
    formula: '',
    layers,
    warnings: [],
    provenance: made
  }
}
