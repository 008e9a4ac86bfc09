/**
 * GPT-NeoX and Pythia.
 *   side by side:    x += dense(attention(ln1 x)) + h_to_h(gelu(h_to_4h(ln2 x))), both of the same x;
 *   one by one, where use_parallel_residual is false:  as GPT-2;
 *   logits = LayerNorm(x) embed_outᵀ.
 * The rows of query_key_value are head after head, each with its query, key and value. Only the first rotary_pct of each head's
 * dimensions are rotated. Source: modeling_gpt_neox.py of Hugging Face transformers.
 * `attention.bias`, `attention.masked_bias` and `rotary_emb.inv_freq` in older files are buffers, not weights, and are not read.
 */
import { z } from 'zod'
import * as op from '../../graph/ops'
import type { Value } from '../../graph/types'
import { contradictory, Depth, endIds, parseConfig, Size, unsupported } from '../config'
import { mlpInputs, parallelHooks, standardHooks } from '../hooks'
import { ACTIVATIONS, attention, linear, rotateFirst, rotation, rowsOfRotation, splitHeads, unitLayerNorm } from '../layers'
import { frequenciesOf, Scaling } from '../rope'
import type { Architecture, Emit, ModelConfig } from '../types'

const Share = z.number().positive().max(1)

const Config = z.looseObject({
  vocab_size: Size,
  hidden_size: Size,
  intermediate_size: Size,
  num_hidden_layers: Depth,
  num_attention_heads: Size,
  hidden_act: z.string().default('gelu'),
  max_position_embeddings: Size.default(2048),
  layer_norm_eps: z.number().positive().default(1e-5),
  rotary_pct: Share.nullish(),
  rotary_emb_base: z.number().positive().nullish(),
  /** Newer names of the two. */
  partial_rotary_factor: Share.nullish(),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: Scaling.nullish(),
  rope_parameters: Scaling.extend({ partial_rotary_factor: Share.optional() }).nullish(),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
  tie_word_embeddings: z.boolean().default(false),
  eos_token_id: z.unknown().optional()
})
type Config = z.infer<typeof Config>

/** config.json was checked when the model was opened. */
const settings = (raw: Readonly<Record<string, unknown>>): Config => Config.parse(raw)

/** How many of a head's dimensions are rotated. */
function rotatedOf(config: Config): number {
  const share = config.rope_parameters?.partial_rotary_factor ?? config.rotary_pct ?? config.partial_rotary_factor ?? 0.25
  return Math.trunc((config.hidden_size / config.num_attention_heads) * share)
}

const frequencies = (config: Config, path = 'config.json'): number[] =>
  frequenciesOf({ ...config, d_head: rotatedOf(config), rope_theta: config.rotary_emb_base ?? config.rope_theta ?? 10_000 }, path)

function readConfig(raw: Readonly<Record<string, unknown>>, path: string): ModelConfig {
  const config = parseConfig(Config, raw, path)
  const { hidden_size, num_attention_heads: n_heads, hidden_act } = config
  if (!ACTIVATIONS[hidden_act]) unsupported(path, `the activation function "${hidden_act}"`)
  if (hidden_size % n_heads !== 0) contradictory(path, `${hidden_size} hidden units do not divide among ${n_heads} heads`)
  const rotated = rotatedOf(config)
  if (rotated === 0 || rotated % 2 !== 0) contradictory(path, `${rotated} dimensions of a head cannot be rotated in pairs`)
  frequencies(config, path)
  return {
    d_model: hidden_size,
    n_layers: config.num_hidden_layers,
    n_heads,
    n_kv_heads: n_heads,
    d_head: hidden_size / n_heads,
    d_mlp: config.intermediate_size,
    d_vocab: config.vocab_size,
    n_ctx: config.max_position_embeddings,
    eosIds: endIds(config.eos_token_id)
  }
}

function requiredWeights(config: ModelConfig, raw: Readonly<Record<string, unknown>>): Map<string, readonly number[]> {
  const { d_model: d, d_mlp, d_vocab } = config
  const { attention_bias, tie_word_embeddings } = settings(raw)
  const shapes = new Map<string, readonly number[]>([['embed_in.weight', [d_vocab, d]]])
  const norm = (name: string): unknown => shapes.set(`${name}.weight`, [d]).set(`${name}.bias`, [d])
  const add = (name: string, out: number, into: number, bias: boolean): void => {
    shapes.set(`${name}.weight`, [out, into])
    if (bias) shapes.set(`${name}.bias`, [out])
  }
  for (let layer = 0; layer < config.n_layers; layer++) {
    const at = `layers.${layer}.`
    norm(`${at}input_layernorm`)
    norm(`${at}post_attention_layernorm`)
    add(`${at}attention.query_key_value`, 3 * d, d, attention_bias)
    add(`${at}attention.dense`, d, d, attention_bias)
    add(`${at}mlp.dense_h_to_4h`, d_mlp, d, true)
    add(`${at}mlp.dense_4h_to_h`, d, d_mlp, true)
  }
  norm('final_layer_norm')
  if (!tie_word_embeddings) shapes.set('embed_out.weight', [d_vocab, d])
  return shapes
}

function norm(emit: Emit, x: Value, name: string): Value {
  return op.layerNorm(emit.graph, x, emit.weight(`${name}.weight`), emit.weight(`${name}.bias`), settings(emit.rawConfig).layer_norm_eps)
}

function block(emit: Emit, layer: number, input: Value): Value {
  const { graph } = emit
  const config = settings(emit.rawConfig)
  const at = `layers.${layer}.`
  const name = (hook: string): string => `blocks.${layer}.${hook}`

  const before = emit.hook(name('hook_resid_pre'), input)
  const z = emit.hookOff(name('attn.hook_z'), selfAttention(emit, layer, norm(emit, before, `${at}input_layernorm`), config), before)
  const attentionOut = linear(emit, z.value, `${at}attention.dense.weight`, config.attention_bias ? `${at}attention.dense.bias` : null)
  const attended = emit.hookOff(name('hook_attn_out'), attentionOut, z.resid)
  const sum = op.add(graph, attended.resid, attended.value)
  const middle = config.use_parallel_residual ? sum : emit.rows(layer, emit.hook(name('hook_resid_mid'), sum), 1)
  const source = config.use_parallel_residual ? attended.resid : middle
  emit.observe(name('ln2.hook_normalized'), () => unitLayerNorm(graph, source, config.layer_norm_eps))
  const read = norm(emit, source, `${at}post_attention_layernorm`)
  emit.observe(name('mlp.hook_in'), () => read)
  const hidden = emit.hookOff(name('mlp.hook_post'), mlpHidden(emit, layer, read, config), middle)
  const mlpOut = linear(emit, hidden.value, `${at}mlp.dense_4h_to_h.weight`, `${at}mlp.dense_4h_to_h.bias`)
  const made = emit.hookOff(name('hook_mlp_out'), mlpOut, hidden.resid)
  return emit.hook(name('hook_resid_post'), op.add(graph, made.resid, made.value))
}

function selfAttention(emit: Emit, layer: number, x: Value, config: Config): Value {
  const { graph } = emit
  const { n_heads, d_head } = emit.config
  const name = `layers.${layer}.attention.query_key_value`
  const joint = splitHeads(graph, linear(emit, x, `${name}.weight`, config.attention_bias ? `${name}.bias` : null), n_heads, 3 * d_head)
  const [q, k, value] = op.split(graph, joint, -1, [d_head, d_head, d_head])
  if (!q || !k || !value) throw new Error('Broken promise: a split into three gives three')
  const angles = rotation(emit, frequencies(config))
  const rotated = rotatedOf(config)
  const query = rotateFirst(graph, emit.rows(layer, q, 1), rowsOfRotation(emit, layer, angles), rotated, d_head)
  const key = rotateFirst(graph, k, angles, rotated, d_head)
  return attention(emit, layer, { query, key, value }, { scale: 1 / Math.sqrt(d_head) })
}

function mlpHidden(emit: Emit, layer: number, x: Value, config: Config): Value {
  const activation = ACTIVATIONS[config.hidden_act] ?? op.silu
  const name = `layers.${layer}.mlp.dense_h_to_4h`
  return activation(emit.graph, linear(emit, x, `${name}.weight`, `${name}.bias`))
}

const unembedding = (raw: Readonly<Record<string, unknown>>): string =>
  settings(raw).tie_word_embeddings ? 'embed_in.weight' : 'embed_out.weight'

export const gptNeoX: Architecture = {
  family: 'gpt-neox',
  modelTypes: ['gpt_neox'],
  prefixes: ['gpt_neox.'],
  readConfig,
  requiredWeights,
  hookPoints: (config, raw) => (settings(raw).use_parallel_residual ? parallelHooks(config) : standardHooks(config)),
  readPoints: mlpInputs,
  embed: (emit, tokens) => emit.hook('hook_embed', op.gather(emit.graph, emit.weight('embed_in.weight'), tokens)),
  block,
  finalNorm: (emit, resid) => norm(emit, resid, 'final_layer_norm'),
  lens: (_, raw) => ({ unembed: unembedding(raw), gain: 'final_layer_norm.weight', centre: true })
}
