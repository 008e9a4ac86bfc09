/**
 * GPT-2. x = wte[token] + wpe[position];  x += c_proj(attention(c_attn(LayerNorm x)));
 * x += c_proj(gelu(c_fc(LayerNorm x)));  logits = LayerNorm(x) wteᵀ.
 * Weights are Conv1D, stored [in, out]; the columns of c_attn are queries, keys, values, each head after head.
 * `attn.bias` and `attn.masked_bias` in older files are buffers, not weights, and are not read.
 * Source: modeling_gpt2.py of Hugging Face transformers.
 */
import { z } from 'zod'
import * as op from '../../graph/ops'
import type { Value } from '../../graph/types'
import { contradictory, Depth, endIds, parseConfig, Size, unsupported } from '../config'
import { mlpInputs, standardHooks } from '../hooks'
import { ACTIVATIONS, attention, conv1d, unitLayerNorm } from '../layers'
import type { Architecture, Emit, ModelConfig } from '../types'

const Config = z.looseObject({
  vocab_size: Size,
  n_embd: Size,
  n_layer: Depth,
  n_head: Size,
  n_positions: Size.default(1024),
  n_inner: Size.nullish(),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(true),
  eos_token_id: z.unknown().optional()
})
type Config = z.infer<typeof Config>

/** config.json was checked when the model was opened. */
const settings = (raw: Readonly<Record<string, unknown>>): Config => Config.parse(raw)

function readConfig(raw: Readonly<Record<string, unknown>>, path: string): ModelConfig {
  const config = parseConfig(Config, raw, path)
  const { n_embd, n_head, activation_function } = config
  if (!ACTIVATIONS[activation_function]) unsupported(path, `the activation function "${activation_function}"`)
  if (config.add_cross_attention) unsupported(path, 'attention to an encoder', 'Choose a decoder-only model.')
  if (n_embd % n_head !== 0) contradictory(path, `${n_embd} hidden units do not divide among ${n_head} heads`)
  return {
    d_model: n_embd,
    n_layers: config.n_layer,
    n_heads: n_head,
    n_kv_heads: n_head,
    d_head: n_embd / n_head,
    d_mlp: config.n_inner ?? 4 * n_embd,
    d_vocab: config.vocab_size,
    n_ctx: config.n_positions,
    eosIds: endIds(config.eos_token_id)
  }
}

function requiredWeights(config: ModelConfig, raw: Readonly<Record<string, unknown>>): Map<string, readonly number[]> {
  const { d_model: d, d_mlp, d_vocab, n_ctx } = config
  const shapes = new Map<string, readonly number[]>([
    ['wte.weight', [d_vocab, d]],
    ['wpe.weight', [n_ctx, d]]
  ])
  const norm = (name: string): unknown => shapes.set(`${name}.weight`, [d]).set(`${name}.bias`, [d])
  const conv = (name: string, into: number, out: number): unknown => shapes.set(`${name}.weight`, [into, out]).set(`${name}.bias`, [out])
  for (let layer = 0; layer < config.n_layers; layer++) {
    norm(`h.${layer}.ln_1`)
    conv(`h.${layer}.attn.c_attn`, d, 3 * d)
    conv(`h.${layer}.attn.c_proj`, d, d)
    norm(`h.${layer}.ln_2`)
    conv(`h.${layer}.mlp.c_fc`, d, d_mlp)
    conv(`h.${layer}.mlp.c_proj`, d_mlp, d)
  }
  norm('ln_f')
  if (!settings(raw).tie_word_embeddings) shapes.set('lm_head.weight', [d_vocab, d])
  return shapes
}

function embed(emit: Emit, tokens: Value): Value {
  const { graph } = emit
  const words = emit.hook('hook_embed', op.gather(graph, emit.weight('wte.weight'), tokens))
  const places = emit.hook('hook_pos_embed', op.gather(graph, emit.weight('wpe.weight'), emit.positions))
  return op.add(graph, words, places)
}

function norm(emit: Emit, x: Value, name: string): Value {
  const { layer_norm_epsilon } = settings(emit.rawConfig)
  return op.layerNorm(emit.graph, x, emit.weight(`${name}.weight`), emit.weight(`${name}.bias`), layer_norm_epsilon)
}

function block(emit: Emit, layer: number, input: Value): Value {
  const { graph } = emit
  const name = (hook: string): string => `blocks.${layer}.${hook}`
  const before = emit.hook(name('hook_resid_pre'), input)
  const z = emit.hookOff(name('attn.hook_z'), selfAttention(emit, layer, norm(emit, before, `h.${layer}.ln_1`)), before)
  const attended = emit.hookOff(name('hook_attn_out'), project(emit, z.value, `h.${layer}.attn.c_proj`), z.resid)
  const middle = emit.rows(layer, emit.hook(name('hook_resid_mid'), op.add(graph, attended.resid, attended.value)), 1)
  emit.observe(name('ln2.hook_normalized'), () => unitLayerNorm(graph, middle, settings(emit.rawConfig).layer_norm_epsilon))
  const read = norm(emit, middle, `h.${layer}.ln_2`)
  emit.observe(name('mlp.hook_in'), () => read)
  const hidden = emit.hookOff(name('mlp.hook_post'), mlpHidden(emit, layer, read), middle)
  const made = emit.hookOff(name('hook_mlp_out'), project(emit, hidden.value, `h.${layer}.mlp.c_proj`), hidden.resid)
  return emit.hook(name('hook_resid_post'), op.add(graph, made.resid, made.value))
}

const project = (emit: Emit, x: Value, name: string): Value => conv1d(emit, x, `${name}.weight`, `${name}.bias`)

function selfAttention(emit: Emit, layer: number, x: Value): Value {
  const { graph } = emit
  const { n_heads, d_head } = emit.config
  const { scale_attn_weights, scale_attn_by_inverse_layer_idx } = settings(emit.rawConfig)
  const [batch = 'batch', seq = 'seq'] = x.shape
  const all = project(emit, x, `h.${layer}.attn.c_attn`)
  const three = op.split(graph, op.reshape(graph, all, [batch, seq, 3 * n_heads, d_head]), 2, [n_heads, n_heads, n_heads])
  const [query, key, value] = three
  if (!query || !key || !value) throw new Error('Broken promise: a split into three gives three')
  const scale = (scale_attn_weights ? 1 / Math.sqrt(d_head) : 1) / (scale_attn_by_inverse_layer_idx ? layer + 1 : 1)
  return attention(emit, layer, { query: emit.rows(layer, query, 1), key, value }, { scale })
}

function mlpHidden(emit: Emit, layer: number, x: Value): Value {
  const activation = ACTIVATIONS[settings(emit.rawConfig).activation_function] ?? op.silu
  return activation(emit.graph, project(emit, x, `h.${layer}.mlp.c_fc`))
}

const unembedding = (raw: Readonly<Record<string, unknown>>): string => (settings(raw).tie_word_embeddings ? 'wte.weight' : 'lm_head.weight')

export const gpt2: Architecture = {
  family: 'gpt2',
  modelTypes: ['gpt2'],
  prefixes: ['transformer.'],
  readConfig,
  requiredWeights,
  hookPoints: standardHooks,
  readPoints: mlpInputs,
  embed,
  block,
  finalNorm: (emit, resid) => norm(emit, resid, 'ln_f'),
  lens: (_, raw) => ({ unembed: unembedding(raw), gain: 'ln_f.weight', centre: true })
}
