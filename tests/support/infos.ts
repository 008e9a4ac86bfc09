/** Descriptions of models and SAEs with every field filled, for tests of what lists them. */
import type { ModelInfo, SaeInfo } from '../../src/shared/records/model'
import type { Preflight } from '../../src/shared/records/preflight'

/** A model of two blocks: d_model 16, four heads of 6 (24 at hook_z), d_mlp 40. */
export function sampleModel(changes: Partial<ModelInfo> = {}): ModelInfo {
  const places = ['hook_resid_pre', 'attn.hook_z', 'hook_attn_out', 'hook_resid_mid', 'mlp.hook_post', 'hook_mlp_out', 'hook_resid_post']
  return {
    path: '/models/small',
    name: 'small',
    family: 'gpt2',
    d_model: 16,
    n_layers: 2,
    n_heads: 4,
    n_kv_heads: 4,
    d_head: 6,
    d_mlp: 40,
    d_vocab: 100,
    n_ctx: 64,
    precision: 'float32',
    parameters: 1000,
    bytes: 4000,
    hash: 'sha256:aaaa',
    hookPoints: [0, 1].flatMap((layer) => places.map((place) => `blocks.${layer}.${place}`)),
    readPoints: [0, 1].map((layer) => `blocks.${layer}.ln2.hook_normalized`),
    memoryEstimate: null,
    ...changes
  }
}

/** An SAE of its first block's output. */
export function sampleSae(changes: Partial<SaeInfo> = {}): SaeInfo {
  return {
    path: '/saes/one',
    name: 'one',
    format: 'SAELens',
    architecture: 'topk',
    d_in: 16,
    d_out: 16,
    d_sae: 64,
    k: 4,
    hook: 'blocks.0.hook_resid_post',
    hookOut: null,
    modelName: null,
    precision: 'float32',
    bytes: 9000,
    hash: 'sha256:bbbb',
    memoryEstimate: null,
    labelled: false,
    notes: [],
    ...changes
  }
}

/** A preflight of the two. */
export function samplePreflight(changes: Partial<Preflight> = {}): Preflight {
  return {
    model: { name: 'small', hash: 'sha256:aaaa' },
    sae: { name: 'one', hash: 'sha256:bbbb' },
    reads: 'blocks.0.hook_resid_post',
    hook: 'blocks.0.hook_resid_post',
    reading: {},
    fvu: 0.1,
    l0: 4,
    verdict: 'good',
    words: 'The SAE describes the model.',
    checks: [{ name: 'fit', verdict: 'good', words: '10 % of variance unexplained.' }],
    nominalL0: 4,
    crossEntropy: { model: 2, sae: 2.1, ablated: 5, recovered: 0.97 },
    decoderNorms: { min: 1, median: 1, max: 1, folded: true },
    gradient: { latents: [{ latent: 3, position: 2, analytic: 0.5, difference: 0.5, relativeError: 1e-6 }], worst: 1e-6 },
    tried: [{ words: 'as its files say', reading: {}, fvu: 0.1, l0: 4 }],
    suggestion: null,
    positions: 508,
    textSource: 'the sample text',
    notes: [],
    device: { requested: 'cpu', used: 'cpu' },
    versions: {},
    createdAt: '2026-01-02T03:04:05.000Z',
    milliseconds: 800,
    ...changes
  }
}
