/**
 * What Llama, Mistral, Qwen2, Qwen3 and OLMo-2 share; their files under architectures/ read the config into a `LlamaPlan`.
 *   x += o_proj(attention(rope(q), rope(k), v)) of norm(x);  x += down(act(gate x') * up x') of x' = norm(x);
 *   logits = norm(x) unembedᵀ,  norm(x) = x / sqrt(mean x² + epsilon) w.
 * With `postNorms` the norms stand behind attention and MLP instead of before them, so hook_attn_out and hook_mlp_out lie behind the
 * norms: they are what is added to the residual stream.
 * Source: modeling_llama.py, modeling_mistral.py, modeling_qwen2.py, modeling_qwen3.py, modeling_olmo2.py of Hugging Face transformers.
 */
import { z } from 'zod'
import * as op from '../graph/ops'
import type { Value } from '../graph/types'
import { contradictory, Depth, endIds, Size, unsupported } from './config'
import { inEveryBlock, mlpInputs, standardHooks } from './hooks'
import { ACTIVATIONS, attention, linear, rotate, rotation, rowsOfRotation, splitHeads, unitRms } from './layers'
import { frequenciesOf, Scaling } from './rope'
import type { Architecture, Emit, ModelConfig } from './types'

/** Fields that all of these configs have; what defaults differently is added by each architecture's file. */
export const llamaFields = {
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
  partial_rotary_factor: z.number().nullish(),
  tie_word_embeddings: z.boolean().default(false),
  eos_token_id: z.unknown().optional()
}
type Fields = z.infer<z.ZodObject<typeof llamaFields>>
type Raw = Readonly<Record<string, unknown>>

/** What a config says, for the forward pass. */
export interface LlamaPlan {
  readonly sizes: ModelConfig
  readonly epsilon: number
  readonly activation: string
  readonly frequencies: readonly number[]
  readonly tied: boolean
  /** Which projections have a bias: queries, keys and values; the attention's output; the MLP's three. */
  readonly bias: { readonly qkv: boolean; readonly out: boolean; readonly mlp: boolean }
  /** Queries and keys are normed before they are rotated, each head alone or all heads as one vector. */
  readonly headNorms: 'none' | 'each' | 'whole'
  readonly postNorms: boolean
  /** Of each layer, the newest keys a query sees; null where it sees all. */
  readonly windows: readonly (number | null)[]
}

/** The plan of a plain Llama with these fields. @throws MODEL_FEATURE_UNSUPPORTED, MODEL_CONFIG_INVALID */
export function llamaPlan(config: Fields, path: string): LlamaPlan {
  const { hidden_size, num_attention_heads: n_heads, num_hidden_layers: n_layers, hidden_act } = config
  const n_kv_heads = config.num_key_value_heads ?? n_heads
  const d_head = config.head_dim ?? hidden_size / n_heads
  if (!ACTIVATIONS[hidden_act]) unsupported(path, `the activation function "${hidden_act}"`)
  if (!Number.isInteger(d_head)) contradictory(path, `${hidden_size} hidden units do not divide among ${n_heads} heads`)
  if (d_head % 2 !== 0) contradictory(path, `heads of ${d_head} dimensions cannot be rotated in pairs`)
  if (n_heads % n_kv_heads !== 0) contradictory(path, `${n_heads} heads do not divide among ${n_kv_heads} key/value heads`)
  // Newer versions of Hugging Face transformers heed it in any of these architectures; none of the published models sets it.
  const rotated = config.rope_parameters?.partial_rotary_factor ?? config.partial_rotary_factor ?? 1
  if (rotated !== 1) unsupported(path, `rotation of a share of each head (partial_rotary_factor ${rotated})`)
  return {
    sizes: {
      d_model: hidden_size,
      n_layers,
      n_heads,
      n_kv_heads,
      d_head,
      d_mlp: config.intermediate_size,
      d_vocab: config.vocab_size,
      n_ctx: config.max_position_embeddings,
      eosIds: endIds(config.eos_token_id)
    },
    epsilon: config.rms_norm_eps,
    activation: hidden_act,
    frequencies: frequenciesOf({ ...config, d_head }, path),
    tied: config.tie_word_embeddings,
    bias: { qkv: false, out: false, mlp: false },
    headNorms: 'none',
    postNorms: false,
    windows: new Array<null>(n_layers).fill(null)
  }
}

/** The window of each layer from a list of layer types. @throws MODEL_FEATURE_UNSUPPORTED, MODEL_CONFIG_INVALID */
export function windowsOfTypes(types: readonly string[], window: number | null, n_layers: number, path: string): (number | null)[] {
  if (types.length !== n_layers) contradictory(path, `its layer_types are ${types.length}, but it has ${n_layers} layers`)
  return types.map((type) => {
    if (type === 'full_attention') return null
    if (type !== 'sliding_attention') return unsupported(path, `the layer type "${type}"`, 'Supported are: full_attention, sliding_attention.')
    return window ?? contradictory(path, 'it has layers with a sliding window, but sliding_window is null')
  })
}

/** The architecture whose config `plan` reads; it fails as `readConfig` may. */
export function llamaArchitecture(named: Pick<Architecture, 'family' | 'modelTypes'>, plan: (raw: Raw, path: string) => LlamaPlan): Architecture {
  // config.json was checked when the model was opened.
  const planOf = (raw: Raw): LlamaPlan => plan(raw, 'config.json')
  return {
    ...named,
    prefixes: ['model.'],
    readConfig: (raw, path) => plan(raw, path).sizes,
    requiredWeights: (config, raw) => requiredWeights(config, planOf(raw)),
    hookPoints: standardHooks,
    readPoints: (config, raw) => (planOf(raw).postNorms ? inEveryBlock(config.n_layers, ['mlp.hook_in']) : mlpInputs(config)),
    embed: (emit, tokens) => emit.hook('hook_embed', op.gather(emit.graph, emit.weight('embed_tokens.weight'), tokens)),
    block: (emit, layer, resid) => block(emit, layer, resid, planOf(emit.rawConfig)),
    finalNorm: (emit, resid) => norm(emit, resid, 'norm', planOf(emit.rawConfig)),
    lens: (_, raw) => ({ unembed: planOf(raw).tied ? 'embed_tokens.weight' : 'lm_head.weight', gain: 'norm.weight', centre: false })
  }
}

function requiredWeights(config: ModelConfig, plan: LlamaPlan): Map<string, readonly number[]> {
  const { d_model: d, d_mlp, d_vocab, d_head, n_heads, n_kv_heads } = config
  const { bias, headNorms, tied } = plan
  const shapes = new Map<string, readonly number[]>([
    ['embed_tokens.weight', [d_vocab, d]],
    ['norm.weight', [d]]
  ])
  if (!tied) shapes.set('lm_head.weight', [d_vocab, d])
  const add = (name: string, out: number, into: number, biased: boolean): void => {
    shapes.set(`${name}.weight`, [out, into])
    if (biased) shapes.set(`${name}.bias`, [out])
  }
  for (let layer = 0; layer < config.n_layers; layer++) {
    const at = `layers.${layer}.`
    for (const name of normsOf(plan)) shapes.set(`${at}${name}.weight`, [d])
    add(`${at}self_attn.q_proj`, n_heads * d_head, d, bias.qkv)
    add(`${at}self_attn.k_proj`, n_kv_heads * d_head, d, bias.qkv)
    add(`${at}self_attn.v_proj`, n_kv_heads * d_head, d, bias.qkv)
    add(`${at}self_attn.o_proj`, d, n_heads * d_head, bias.out)
    if (headNorms !== 'none') {
      shapes.set(`${at}self_attn.q_norm.weight`, [headNorms === 'each' ? d_head : n_heads * d_head])
      shapes.set(`${at}self_attn.k_norm.weight`, [headNorms === 'each' ? d_head : n_kv_heads * d_head])
    }
    add(`${at}mlp.gate_proj`, d_mlp, d, bias.mlp)
    add(`${at}mlp.up_proj`, d_mlp, d, bias.mlp)
    add(`${at}mlp.down_proj`, d, d_mlp, bias.mlp)
  }
  return shapes
}

/** `post_attention_layernorm` is the norm before the MLP where norms stand before, and the attention's own where they stand behind. */
const normsOf = ({ postNorms }: LlamaPlan): readonly string[] =>
  postNorms ? ['post_attention_layernorm', 'post_feedforward_layernorm'] : ['input_layernorm', 'post_attention_layernorm']

function norm(emit: Emit, x: Value, name: string, { epsilon }: LlamaPlan): Value {
  return op.rmsNorm(emit.graph, x, emit.weight(`${name}.weight`), epsilon)
}

function block(emit: Emit, layer: number, input: Value, plan: LlamaPlan): Value {
  const { graph } = emit
  const { postNorms, epsilon } = plan
  const name = (hook: string): string => `blocks.${layer}.${hook}`
  const normed = (x: Value, which: string): Value => norm(emit, x, `layers.${layer}.${which}`, plan)
  const ahead = (x: Value, which: string): Value => (postNorms ? x : normed(x, which))
  const behind = (x: Value, which: string): Value => (postNorms ? normed(x, which) : x)

  const before = emit.hook(name('hook_resid_pre'), input)
  const z = emit.hookOff(name('attn.hook_z'), selfAttention(emit, layer, ahead(before, 'input_layernorm'), plan), before)
  const attentionOut = behind(project(emit, layer, 'self_attn.o', z.value, plan.bias.out), 'post_attention_layernorm')
  const attended = emit.hookOff(name('hook_attn_out'), attentionOut, z.resid)
  const middle = emit.rows(layer, emit.hook(name('hook_resid_mid'), op.add(graph, attended.resid, attended.value)), 1)
  emit.observe(name('ln2.hook_normalized'), () => unitRms(graph, middle, epsilon))
  const read = ahead(middle, 'post_attention_layernorm')
  emit.observe(name('mlp.hook_in'), () => read)
  const hidden = emit.hookOff(name('mlp.hook_post'), mlpHidden(emit, layer, read, plan), middle)
  const mlpOut = behind(project(emit, layer, 'mlp.down', hidden.value, plan.bias.mlp), 'post_feedforward_layernorm')
  const made = emit.hookOff(name('hook_mlp_out'), mlpOut, hidden.resid)
  return emit.hook(name('hook_resid_post'), op.add(graph, made.resid, made.value))
}

function selfAttention(emit: Emit, layer: number, x: Value, plan: LlamaPlan): Value {
  const { graph } = emit
  const { n_heads, n_kv_heads, d_head } = emit.config
  const { headNorms, bias, frequencies, windows } = plan
  const heads = (part: 'q' | 'k' | 'v', from: Value, count: number): Value => {
    const projected = project(emit, layer, `self_attn.${part}`, from, bias.qkv)
    const which = `layers.${layer}.self_attn.${part}_norm`
    const whole = headNorms === 'whole' && part !== 'v' ? norm(emit, projected, which, plan) : projected
    const split = splitHeads(graph, whole, count, d_head)
    return headNorms === 'each' && part !== 'v' ? norm(emit, split, which, plan) : split
  }
  const angles = rotation(emit, frequencies)
  const query = rotate(graph, heads('q', emit.rows(layer, x, 1), n_heads), rowsOfRotation(emit, layer, angles), d_head)
  const key = rotate(graph, heads('k', x, n_kv_heads), angles, d_head)
  const scoring = { scale: 1 / Math.sqrt(d_head), window: windows[layer] ?? null }
  return attention(emit, layer, { query, key, value: heads('v', x, n_kv_heads) }, scoring)
}

function mlpHidden(emit: Emit, layer: number, x: Value, { activation, bias }: LlamaPlan): Value {
  const act = ACTIVATIONS[activation] ?? op.silu
  const part = (name: 'gate' | 'up'): Value => project(emit, layer, `mlp.${name}`, x, bias.mlp)
  return op.mul(emit.graph, act(emit.graph, part('gate')), part('up'))
}

function project(emit: Emit, layer: number, part: string, x: Value, biased: boolean): Value {
  const name = `layers.${layer}.${part}_proj`
  return linear(emit, x, `${name}.weight`, biased ? `${name}.bias` : null)
}
