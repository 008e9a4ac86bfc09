/** Small records with every field filled, for tests of what keeps and shows them. Numbers are made up but obey the records' rules. */
import type { Ranking } from '../../src/shared/records/ranking'
import type { Comparison, ComparisonColumn } from '../../src/shared/records/steering'
import type { NextToken, Token } from '../../src/shared/records/token'

const WORDS = ['<|endoftext|>', 'Once', ' upon', ' a', ' time', ',', '\n', ' é']

export function sampleTokens(): Token[] {
  return WORDS.map((text, at) => (at === 7 ? { id: at, text: '', hex: 'c3', special: false } : { id: at, text, special: at === 0 }))
}

const nextToken = (id: number, text: string, probability: number): NextToken => ({
  id,
  text,
  special: false,
  logit: Math.log(probability),
  probability
})

/**
 * A ranking with `latents` latents, each active at every position; latent numbers are 100, 101, ... and scores fall from 0.5,
 * every third one negative under "attribution".
 */
export function sampleRanking(latents = 6, method: Ranking['method'] = 'attribution'): Ranking {
  const tokens = sampleTokens()
  const pairs = tokens.length * latents
  const at = (index: number): { position: number; rank: number } => ({ position: Math.floor(index / latents), rank: index % latents })
  const sign = (rank: number): number => (method === 'attribution' && rank % 3 === 2 ? -1 : 1)
  const scoreOf = (rank: number): number => (sign(rank) * 0.5) / (rank + 1)
  const column = (fill: (position: number, rank: number) => number) =>
    Float32Array.from({ length: pairs }, (_, index) => fill(at(index).position, at(index).rank))
  return {
    method,
    substitution: method === 'gradsae' ? 'reconstruction' : 'reconstruction+error',
    aggregation: method === 'gradsae' ? 'mean-relu' : 'signed-sum',
    includeSpecial: true,
    scope: { kind: 'all' },
    frozen: { attention: false, norms: false },
    formula: '',
    steps: null,
    seed: null,
    prompt: { text: 'Once upon a time,\n é' },
    counterfactual: null,
    tokens,
    target: {
      id: 20,
      text: ' there',
      special: false,
      kind: method === 'gradsae' ? 'probability' : 'logit',
      value: 3.25,
      probability: 0.61,
      logit: 3.25,
      chosenBy: 'greedy',
      label: '',
      terms: []
    },
    top: [nextToken(20, ' there', 0.61), nextToken(21, ' a', 0.2)],
    modelTop: [nextToken(20, ' there', 0.63), nextToken(21, ' a', 0.19)],
    latents: Array.from({ length: latents }, (_, rank) => ({
      latent: 100 + rank,
      score: scoreOf(rank),
      maxActivation: 4 / (rank + 1),
      meanActivation: 2 / (rank + 1),
      gradient: scoreOf(rank) / 4,
      signedSum: scoreOf(rank),
      positions: tokens.length,
      decoderNorm: 1
    })),
    entries: {
      position: Int32Array.from({ length: pairs }, (_, index) => at(index).position),
      latent: Int32Array.from({ length: pairs }, (_, index) => 100 + at(index).rank),
      activation: column((position, rank) => (position + 1) / (2 * (rank + 1))),
      gradient: column((_, rank) => scoreOf(rank) / 4),
      score: column((_, rank) => scoreOf(rank) / tokens.length)
    },
    identity: { total: 1.5, latents: 1.1, decoderBias: 0.1, error: 0.3, relativeGap: 2e-7 },
    completeness: null,
    errorEffects: [],
    fvu: 0.08,
    l0: latents,
    exact: {
      effects: Array.from({ length: Math.min(latents, 5) }, (_, rank) => ({
        latent: 100 + rank,
        score: scoreOf(rank),
        exactEffect: scoreOf(rank) * 0.9 + 0.01
      })),
      pearson: 0.98,
      spearman: 0.95
    },
    warnings: [],
    provenance: {
      model: { name: 'storyteller', path: '/models/storyteller/model', hash: 'sha256:aaaa', family: 'llama', precision: 'float16' },
      sae: {
        name: 'layer 3',
        path: '/models/storyteller/saes/three',
        hash: 'sha256:bbbb',
        format: 'sae-lens',
        architecture: 'topk',
        d_sae: 2048,
        notes: ['b_dec is subtracted'],
        reading: {}
      },
      preflight: null,
      hook: 'blocks.3.hook_resid_post',
      device: { requested: 'auto', used: 'cpu' },
      precision: 'float32',
      versions: { workbench: '0.1.0', 'onnxruntime-node': '1.30.0' },
      createdAt: '2026-01-02T03:04:05.000Z',
      milliseconds: 123
    }
  }
}

/** A comparison of the baseline and one recipe, six generated tokens each, scored. */
export function sampleComparison(): Comparison {
  const words = [' there', ' was', ' a', ' sad', ' girl', '.']
  const columnOf = (steered: boolean): ComparisonColumn => ({
    recipe: steered
      ? { id: 'r1', name: 'sadder', interventions: [{ latent: 100, mode: 'add', coefficient: 8, positions: 'all' }], keepError: true }
      : null,
    tokens: words.map((text, at) => ({
      id: 20 + at,
      text: steered && at === 3 ? ' weeping' : text,
      special: false,
      logprob: -0.1 * (at + 1),
      targetProbability: 0.05 * (at + 1)
    })),
    text: words.join(''),
    finished: 'length',
    scores: {
      baselineLogprob: words.map((_, at) => -0.2 * (at + 1)),
      kl: words.map((_, at) => (steered ? 0.03 * at : 0)),
      perplexity: 2.01
    }
  })
  return {
    prompt: { text: 'Once upon a time' },
    promptTokens: sampleTokens().slice(0, 5),
    settings: { maxTokens: 6, temperature: 0, topK: 0, topP: 1, seed: 1, stopAtEnd: true },
    target: { id: 23, text: ' sad', special: false },
    columns: [columnOf(false), columnOf(true)],
    provenance: {
      model: { name: 'storyteller', path: '/models/storyteller/model', hash: 'sha256:aaaa' },
      sae: { name: 'layer 3', path: '/models/storyteller/saes/three', hash: 'sha256:bbbb', notes: [], reading: {} },
      preflight: null,
      hook: 'blocks.3.hook_resid_post',
      device: { requested: 'auto', used: 'cpu' },
      versions: { workbench: '0.1.0' },
      createdAt: '2026-01-02T03:04:05.000Z',
      milliseconds: 456
    }
  }
}
