/**
 * Llama 1 to 3 and models of the same layout.
 *   x += o_proj(attention(rope(q), rope(k), v)) of RMSNorm(x);  x += down(silu(gate x') * up x') of x' = RMSNorm(x);
 *   logits = RMSNorm(x) lm_headᵀ.
 * Source: modeling_llama.py of Hugging Face transformers; the llama3 frequencies from its modeling_rope_utils.py.
 * `post_attention_layernorm` is the norm before the MLP.
 */
import { z } from 'zod'
import * as op from '../../graph/ops'
import type { Value } from '../../graph/types'
import { contradictory, Depth, endIds, parseConfig, Size, unsupported } from '../config'
import { mlpInputs, standardHooks } from '../hooks'
import { ACTIVATIONS, attention, linear, rotate, rotation, rowsOfRotation, splitHeads, unitRms } from '../layers'
import { frequenciesOf, Scaling } from '../rope'
import type { Architecture, Emit, ModelConfig } from '../types'

const Config = z.looseObject({
  vocab_size: Size,
  hidden_size: Size,
  intermediate_size: Size,
  num_hidden_layers: Depth,
  num_attention_heads: Size,
  num_key_value_heads: Size.nullish(),
  head_dim: Size.nullish(),
  hidden_act: z.string().default('silu'),
  max_position_embeddings: Size.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().default(10000),
  rope_scaling: Scaling.nullish(),
  rope_parameters: Scaling.nullish(),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
  eos_token_id: z.unknown().optional()
})
type Config = z.infer<typeof Config>

/** config.json was checked when the model was opened. */
const settings = (raw: Readonly<Record<string, unknown>>): Config => Config.parse(raw)

function readConfig(raw: Readonly<Record<string, unknown>>, path: string): ModelConfig {
  const config = parseConfig(Config, raw, path)
  const { hidden_size, num_attention_heads: n_heads, hidden_act } = config
  const n_kv_heads = config.num_key_value_heads ?? n_heads
  const d_head = config.head_dim ?? hidden_size / n_heads
  if (!ACTIVATIONS[hidden_act]) unsupported(path, `the activation function "${hidden_act}"`)
  if (!Number.isInteger(d_head)) contradictory(path, `${hidden_size} hidden units do not divide among ${n_heads} heads`)
  if (d_head % 2 !== 0) contradictory(path, `heads of ${d_head} dimensions cannot be rotated in pairs`)
  if (n_heads % n_kv_heads !== 0) contradictory(path, `${n_heads} heads do not divide among ${n_kv_heads} key/value heads`)
  frequenciesOf({ ...config, d_head }, path)
  return {
    d_model: hidden_size,
    n_layers: config.num_hidden_layers,
    n_heads,
    n_kv_heads,
    d_head,
    d_mlp: config.intermediate_size,
    d_vocab: config.vocab_size,
    n_ctx: config.max_position_embeddings,
    eosIds: endIds(config.eos_token_id)
  }
}

function requiredWeights(config: ModelConfig, raw: Readonly<Record<string, unknown>>): Map<string, readonly number[]> {
  const { d_model: d, d_mlp, d_vocab, d_head, n_heads, n_kv_heads } = config
  const { attention_bias, mlp_bias, tie_word_embeddings } = settings(raw)
  const shapes = new Map<string, readonly number[]>([
    ['embed_tokens.weight', [d_vocab, d]],
    ['norm.weight', [d]]
  ])
  if (!tie_word_embeddings) shapes.set('lm_head.weight', [d_vocab, d])
  const add = (name: string, out: number, into: number, bias: boolean): void => {
    shapes.set(`${name}.weight`, [out, into])
    if (bias) shapes.set(`${name}.bias`, [out])
  }
  for (let layer = 0; layer < config.n_layers; layer++) {
    const at = `layers.${layer}.`
    shapes.set(`${at}input_layernorm.weight`, [d])
    shapes.set(`${at}post_attention_layernorm.weight`, [d])
    add(`${at}self_attn.q_proj`, n_heads * d_head, d, attention_bias)
    add(`${at}self_attn.k_proj`, n_kv_heads * d_head, d, attention_bias)
    add(`${at}self_attn.v_proj`, n_kv_heads * d_head, d, attention_bias)
    add(`${at}self_attn.o_proj`, d, n_heads * d_head, attention_bias)
    add(`${at}mlp.gate_proj`, d_mlp, d, mlp_bias)
    add(`${at}mlp.up_proj`, d_mlp, d, mlp_bias)
    add(`${at}mlp.down_proj`, d, d_mlp, mlp_bias)
  }
  return shapes
}

function block(emit: Emit, layer: number, input: Value): Value {
  const { graph } = emit
  const config = settings(emit.rawConfig)
  const { rms_norm_eps } = config
  const name = (hook: string): string => `blocks.${layer}.${hook}`
  const norm = (x: Value, weight: string): Value => op.rmsNorm(graph, x, emit.weight(`layers.${layer}.${weight}.weight`), rms_norm_eps)

  const before = emit.hook(name('hook_resid_pre'), input)
  const z = emit.hookOff(name('attn.hook_z'), selfAttention(emit, layer, norm(before, 'input_layernorm'), config), before)
  const attended = emit.hookOff(name('hook_attn_out'), outProjection(emit, layer, z.value, config), z.resid)
  const middle = emit.rows(layer, emit.hook(name('hook_resid_mid'), op.add(graph, attended.resid, attended.value)), 1)
  emit.observe(name('ln2.hook_normalized'), () => unitRms(graph, middle, config.rms_norm_eps))
  const read = norm(middle, 'post_attention_layernorm')
  emit.observe(name('mlp.hook_in'), () => read)
  const hidden = emit.hookOff(name('mlp.hook_post'), mlpHidden(emit, layer, read, config), middle)
  const made = emit.hookOff(name('hook_mlp_out'), mlpOut(emit, layer, hidden.value, config), hidden.resid)
  return emit.hook(name('hook_resid_post'), op.add(graph, made.resid, made.value))
}

function selfAttention(emit: Emit, layer: number, x: Value, config: Config): Value {
  const { graph } = emit
  const { n_heads, n_kv_heads, d_head } = emit.config
  const project = (part: string, input: Value, heads: number): Value => {
    const name = `layers.${layer}.self_attn.${part}_proj`
    return splitHeads(graph, linear(emit, input, `${name}.weight`, config.attention_bias ? `${name}.bias` : null), heads, d_head)
  }
  const angles = rotation(emit, frequenciesOf({ ...config, d_head }, 'config.json'))
  const query = rotate(graph, project('q', emit.rows(layer, x, 1), n_heads), rowsOfRotation(emit, layer, angles), d_head)
  const key = rotate(graph, project('k', x, n_kv_heads), angles, d_head)
  return attention(emit, layer, { query, key, value: project('v', x, n_kv_heads) }, { scale: 1 / Math.sqrt(d_head) })
}

function outProjection(emit: Emit, layer: number, z: Value, config: Config): Value {
  const name = `layers.${layer}.self_attn.o_proj`
  return linear(emit, z, `${name}.weight`, config.attention_bias ? `${name}.bias` : null)
}

function mlpHidden(emit: Emit, layer: number, x: Value, config: Config): Value {
  const activation = ACTIVATIONS[config.hidden_act] ?? op.silu
  return op.mul(emit.graph, activation(emit.graph, mlpProjection(emit, layer, 'gate', x, config)), mlpProjection(emit, layer, 'up', x, config))
}

const mlpOut = (emit: Emit, layer: number, hidden: Value, config: Config): Value => mlpProjection(emit, layer, 'down', hidden, config)

function mlpProjection(emit: Emit, layer: number, part: 'gate' | 'up' | 'down', x: Value, config: Config): Value {
  const name = `layers.${layer}.mlp.${part}_proj`
  return linear(emit, x, `${name}.weight`, config.mlp_bias ? `${name}.bias` : null)
}

const unembedding = (raw: Readonly<Record<string, unknown>>): string =>
  settings(raw).tie_word_embeddings ? 'embed_tokens.weight' : 'lm_head.weight'

export const llama: Architecture = {
  family: 'llama',
  modelTypes: ['llama'],
  prefixes: ['model.'],
  readConfig,
  requiredWeights,
  hookPoints: standardHooks,
  readPoints: mlpInputs,
  embed: (emit, tokens) => emit.hook('hook_embed', op.gather(emit.graph, emit.weight('embed_tokens.weight'), tokens)),
  block,
  finalNorm: (emit, resid) => op.rmsNorm(emit.graph, resid, emit.weight('norm.weight'), settings(emit.rawConfig).rms_norm_eps),
  lens: (_, raw) => ({ unembed: unembedding(raw), gain: 'norm.weight', centre: false })
}
