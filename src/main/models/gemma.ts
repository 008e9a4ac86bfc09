/**
 * What Gemma-2 and Gemma-3 share; their files under architectures/ read the config into a `GemmaPlan`.
 *   x = sqrt(d_model) embed_tokens[token], the root rounded to the type the weights are stored in;
 *   x += norm(o_proj(attention(norm x)));  x += norm(down(gelu(gate x') * up x')) of x' = norm(x);
 *   logits = cap(norm(x) embed_tokensᵀ).
 * Every norm is x / sqrt(mean x² + epsilon) (1 + w). `post_attention_layernorm` and `post_feedforward_layernorm` are the norms of what
 * is added to the residual stream, so hook_attn_out and hook_mlp_out lie behind them.
 * Source: modeling_gemma2.py and modeling_gemma3.py of Hugging Face transformers.
 */
import { z } from 'zod'
import * as op from '../graph/ops'
import type { Value } from '../graph/types'
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../tensors/dtypes'
import { contradictory, Depth, Size, unsupported } from './config'
import { mlpInputs, standardHooks } from './hooks'
import { ACTIVATIONS, attention, linear, rotate, rotation, rowsOfRotation, splitHeads, unitRms } from './layers'
import type { Architecture, Emit, ModelConfig, WeightRef } from './types'

/** Fields of both configs, with the defaults of Hugging Face: files leave out what equals them. */
export const gemmaFields = {
  hidden_size: Size.default(2304),
  intermediate_size: Size.default(9216),
  num_hidden_layers: Depth.default(26),
  num_attention_heads: Size.default(8),
  num_key_value_heads: Size.default(4),
  head_dim: Size.default(256),
  // `hidden_act` of older files is not read by Hugging Face either.
  hidden_activation: z
    .string()
    .nullish()
    .transform((name) => name ?? 'gelu_pytorch_tanh'),
  rms_norm_eps: z.number().positive().default(1e-6),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: Size.nullable().default(4096),
  layer_types: z.array(z.string()).nullish(),
  attention_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(true),
  use_bidirectional_attention: z.boolean().nullish(),
  eos_token_id: z.unknown().optional()
}
type Fields = z.infer<z.ZodObject<typeof gemmaFields>>

/** How one layer attends. Layers with the same `rotation` have the same frequencies. */
export interface GemmaLayer {
  readonly window: number | null
  readonly rotation: string
  readonly frequencies: readonly number[]
}

/** What a config says, for the forward pass. */
export interface GemmaPlan {
  readonly sizes: ModelConfig
  readonly epsilon: number
  readonly activation: string
  readonly bias: boolean
  readonly tied: boolean
  readonly scale: number
  readonly softcap: number | null
  readonly logitCap: number | null
  /** Whether queries and keys are normed before they are rotated. */
  readonly headNorms: boolean
  readonly layers: readonly GemmaLayer[]
}

type Raw = Readonly<Record<string, unknown>>

/** Sizes both configs give alike. @throws MODEL_FEATURE_UNSUPPORTED, MODEL_CONFIG_INVALID */
export function gemmaSizes(config: Fields, path: string): Omit<ModelConfig, 'd_vocab' | 'n_ctx' | 'eosIds'> {
  const { num_attention_heads: n_heads, num_key_value_heads: n_kv_heads, head_dim: d_head, hidden_activation } = config
  if (!ACTIVATIONS[hidden_activation]) unsupported(path, `the activation function "${hidden_activation}"`)
  if (config.use_bidirectional_attention) unsupported(path, 'attention to later tokens', 'Choose a model that predicts the next token.')
  if (d_head % 2 !== 0) contradictory(path, `heads of ${d_head} dimensions cannot be rotated in pairs`)
  if (n_heads % n_kv_heads !== 0) contradictory(path, `${n_heads} heads do not divide among ${n_kv_heads} key/value heads`)
  return { d_model: config.hidden_size, n_layers: config.num_hidden_layers, n_heads, n_kv_heads, d_head, d_mlp: config.intermediate_size }
}

/**
 * The window of every layer, null where it sees all: as `layer_types` says, or else every `pattern`-th layer is global.
 * @throws MODEL_FEATURE_UNSUPPORTED for another kind of layer, MODEL_CONFIG_INVALID for a list of another length or a missing window
 */
export function gemmaWindows({ layer_types, num_hidden_layers, sliding_window }: Fields, pattern: number, path: string): (number | null)[] {
  const kinds = layer_types ?? Array.from({ length: num_hidden_layers }, (_, layer) => ((layer + 1) % pattern ? 'sliding_attention' : 'full_attention'))
  if (kinds.length !== num_hidden_layers) contradictory(path, `its layer_types are ${kinds.length}, but it has ${num_hidden_layers} layers`)
  return kinds.map((kind) => {
    if (kind === 'full_attention') return null
    if (kind !== 'sliding_attention') return unsupported(path, `the layer type "${kind}"`, 'Supported are: full_attention, sliding_attention.')
    return sliding_window ?? contradictory(path, 'it has layers with a sliding window, but sliding_window is null')
  })
}

/** The architecture whose config `plan` reads; it fails as `readConfig` may. */
export function gemmaArchitecture(named: Pick<Architecture, 'family' | 'modelTypes' | 'prefixes'>, plan: (raw: Raw, path: string) => GemmaPlan): Architecture {
  // config.json was checked when the model was opened.
  const planOf = (raw: Raw): GemmaPlan => plan(raw, 'config.json')
  const unembedding = (raw: Raw): string => (planOf(raw).tied ? 'embed_tokens.weight' : 'lm_head.weight')
  return {
    ...named,
    readConfig: (raw, path) => plan(raw, path).sizes,
    requiredWeights: (config, raw) => requiredWeights(config, planOf(raw)),
    hookPoints: standardHooks,
    readPoints: mlpInputs,
    embed,
    block: (emit, layer, resid) => block(emit, layer, resid, planOf(emit.rawConfig)),
    finalNorm: (emit, resid) => norm(emit, resid, 'norm', planOf(emit.rawConfig).epsilon),
    lens: (_, raw) => ({ unembed: unembedding(raw), gain: 'norm.weight', centre: false, plusOne: true }),
    logitCap: (_, raw) => planOf(raw).logitCap
  }
}

function requiredWeights(config: ModelConfig, { bias, tied, headNorms }: GemmaPlan): Map<string, readonly number[]> {
  const { d_model: d, d_mlp, d_vocab, d_head, n_heads, n_kv_heads } = config
  const shapes = new Map<string, readonly number[]>([
    ['embed_tokens.weight', [d_vocab, d]],
    ['norm.weight', [d]]
  ])
  if (!tied) shapes.set('lm_head.weight', [d_vocab, d])
  for (let layer = 0; layer < config.n_layers; layer++) {
    const at = `layers.${layer}.`
    const project = (part: string, out: number, into: number): void => {
      shapes.set(`${at}self_attn.${part}_proj.weight`, [out, into])
      if (bias) shapes.set(`${at}self_attn.${part}_proj.bias`, [out])
    }
    for (const name of ['input', 'post_attention', 'pre_feedforward', 'post_feedforward']) shapes.set(`${at}${name}_layernorm.weight`, [d])
    project('q', n_heads * d_head, d)
    project('k', n_kv_heads * d_head, d)
    project('v', n_kv_heads * d_head, d)
    project('o', d, n_heads * d_head)
    if (headNorms) for (const part of ['q', 'k']) shapes.set(`${at}self_attn.${part}_norm.weight`, [d_head])
    for (const part of ['gate', 'up']) shapes.set(`${at}mlp.${part}_proj.weight`, [d_mlp, d])
    shapes.set(`${at}mlp.down_proj.weight`, [d, d_mlp])
  }
  return shapes
}

function embed(emit: Emit, tokens: Value): Value {
  const { graph, config } = emit
  const scale = roundTo(emit.storedAs('embed_tokens.weight'), Math.sqrt(config.d_model))
  const words = op.gather(graph, emit.weight('embed_tokens.weight'), tokens)
  return emit.hook('hook_embed', op.mul(graph, words, op.scalar(graph, scale)))
}

/** The nearest number that the type can hold. */
function roundTo(type: WeightRef['type'], value: number): number {
  const single = Float32Array.of(value)
  const rounded = type === 'bfloat16' ? bfloat16ToFloat32(float32ToBfloat16(single)) : type === 'float16' ? float16ToFloat32(float32ToFloat16(single)) : single
  return rounded[0] ?? value
}

/** x / sqrt(mean x² + epsilon) (1 + w) over the last axis. */
function norm(emit: Emit, x: Value, name: string, epsilon: number): Value {
  const { graph } = emit
  const gain = emit.shared(`gain ${name}`, () => op.add(graph, emit.weight(`${name}.weight`), op.scalar(graph, 1)))
  return op.rmsNorm(graph, x, gain, epsilon)
}

function block(emit: Emit, layer: number, input: Value, plan: GemmaPlan): Value {
  const { graph } = emit
  const name = (hook: string): string => `blocks.${layer}.${hook}`
  const normed = (x: Value, which: string): Value => norm(emit, x, `layers.${layer}.${which}_layernorm`, plan.epsilon)

  const before = emit.hook(name('hook_resid_pre'), input)
  const z = emit.hookOff(name('attn.hook_z'), selfAttention(emit, layer, normed(before, 'input'), plan), before)
  const attentionOut = normed(attentionPart(emit, layer, 'o', z.value, plan), 'post_attention')
  const attended = emit.hookOff(name('hook_attn_out'), attentionOut, z.resid)
  const middle = emit.rows(layer, emit.hook(name('hook_resid_mid'), op.add(graph, attended.resid, attended.value)), 1)
  emit.observe(name('ln2.hook_normalized'), () => unitRms(graph, middle, plan.epsilon))
  const read = normed(middle, 'pre_feedforward')
  emit.observe(name('mlp.hook_in'), () => read)
  const hidden = emit.hookOff(name('mlp.hook_post'), mlpHidden(emit, layer, read, plan), middle)
  const mlpOut = normed(linear(emit, hidden.value, `layers.${layer}.mlp.down_proj.weight`), 'post_feedforward')
  const made = emit.hookOff(name('hook_mlp_out'), mlpOut, hidden.resid)
  return emit.hook(name('hook_resid_post'), op.add(graph, made.resid, made.value))
}

function selfAttention(emit: Emit, layer: number, x: Value, plan: GemmaPlan): Value {
  const { graph } = emit
  const { n_heads, n_kv_heads, d_head } = emit.config
  const { scale, softcap, epsilon, headNorms, layers } = plan
  const own = layers[layer]
  if (!own) throw new Error('Broken promise: the config was checked for every layer')
  const heads = (part: string, from: Value, count: number): Value =>
    splitHeads(graph, attentionPart(emit, layer, part, from, plan), count, d_head)
  const normed = (part: string, x: Value): Value => (headNorms ? norm(emit, x, `layers.${layer}.self_attn.${part}_norm`, epsilon) : x)
  const angles = rotation(emit, own.frequencies, own.rotation)
  const narrowed = rowsOfRotation(emit, layer, angles)
  const query = rotate(graph, normed('q', heads('q', emit.rows(layer, x, 1), n_heads)), narrowed, d_head)
  const key = rotate(graph, normed('k', heads('k', x, n_kv_heads)), angles, d_head)
  return attention(emit, layer, { query, key, value: heads('v', x, n_kv_heads) }, { scale, softcap, window: own.window })
}

function attentionPart(emit: Emit, layer: number, part: string, x: Value, { bias }: GemmaPlan): Value {
  const name = `layers.${layer}.self_attn.${part}_proj`
  return linear(emit, x, `${name}.weight`, bias ? `${name}.bias` : null)
}

function mlpHidden(emit: Emit, layer: number, x: Value, { activation }: GemmaPlan): Value {
  const { graph } = emit
  const act = ACTIVATIONS[activation] ?? op.silu
  const part = (name: string): Value => linear(emit, x, `layers.${layer}.mlp.${name}_proj.weight`)
  return op.mul(graph, act(graph, part('gate')), part('up'))
}
