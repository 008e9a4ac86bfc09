/**
 * GPT-Neo and TinyStories. As GPT-2, but
 *   scores are q kᵀ without a scale, and every other layer (as attention_types says) sees only the window_size newest keys;
 *   queries, keys and values are projections of their own, without bias; all weights are Linear, stored [out, in].
 * Source: modeling_gpt_neo.py of Hugging Face transformers.
 * `attn.attention.bias` and `attn.attention.masked_bias` in older files are buffers, not weights, and are not read.
 */
import { z } from 'zod'
import * as op from '../../graph/ops'
import type { Value } from '../../graph/types'
import { contradictory, Depth, endIds, parseConfig, Size, unsupported } from '../config'
import { mlpInputs, standardHooks } from '../hooks'
import { ACTIVATIONS, attention, linear, splitHeads, unitLayerNorm } from '../layers'
import type { Architecture, Emit, ModelConfig } from '../types'

const Config = z.looseObject({
  vocab_size: Size,
  hidden_size: Size,
  num_layers: Depth,
  num_heads: Size,
  intermediate_size: Size.nullish(),
  max_position_embeddings: Size.default(2048),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  window_size: Size.default(256),
  /** Kinds and how often they are repeated: [[["global", "local"], 12]]. */
  attention_types: z.array(z.tuple([z.array(z.string()), Depth])).default([[['global', 'local'], 12]]),
  /** The kind of each layer, spelt out. */
  attention_layers: z.array(z.string()).nullish(),
  tie_word_embeddings: z.boolean().default(true),
  eos_token_id: z.unknown().optional()
})
type Config = z.infer<typeof Config>

/** config.json was checked when the model was opened. */
const settings = (raw: Readonly<Record<string, unknown>>): Config => Config.parse(raw)

/** The kind of every layer, or null where that is not clear. The list decides where both are given, as in Hugging Face. */
function kindsOf({ num_layers, attention_layers, attention_types }: Config): string[] | null {
  if (attention_layers) return attention_layers
  const count = attention_types.reduce((total, [kinds, times]) => total + kinds.length * times, 0)
  return count === num_layers ? attention_types.flatMap(([kinds, times]) => Array.from({ length: times }, () => kinds).flat()) : null
}

function readConfig(raw: Readonly<Record<string, unknown>>, path: string): ModelConfig {
  const config = parseConfig(Config, raw, path)
  const { hidden_size, num_heads, num_layers, activation_function } = config
  const kinds = kindsOf(config)
  if (!ACTIVATIONS[activation_function]) unsupported(path, `the activation function "${activation_function}"`)
  if (hidden_size % num_heads !== 0) contradictory(path, `${hidden_size} hidden units do not divide among ${num_heads} heads`)
  if (kinds?.length !== num_layers) contradictory(path, `its attention types are not those of ${num_layers} layers`)
  const unknown = kinds.find((kind) => kind !== 'global' && kind !== 'local')
  if (unknown !== undefined) unsupported(path, `the attention type "${unknown}"`, 'Supported are: global, local.')
  return {
    d_model: hidden_size,
    n_layers: num_layers,
    n_heads: num_heads,
    n_kv_heads: num_heads,
    d_head: hidden_size / num_heads,
    d_mlp: config.intermediate_size ?? 4 * hidden_size,
    d_vocab: config.vocab_size,
    n_ctx: config.max_position_embeddings,
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
  const add = (name: string, out: number, into: number): unknown => shapes.set(`${name}.weight`, [out, into]).set(`${name}.bias`, [out])
  for (let layer = 0; layer < config.n_layers; layer++) {
    norm(`h.${layer}.ln_1`)
    for (const part of ['q', 'k', 'v']) shapes.set(`h.${layer}.attn.attention.${part}_proj.weight`, [d, d])
    add(`h.${layer}.attn.attention.out_proj`, d, d)
    norm(`h.${layer}.ln_2`)
    add(`h.${layer}.mlp.c_fc`, d_mlp, d)
    add(`h.${layer}.mlp.c_proj`, d, d_mlp)
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

const project = (emit: Emit, x: Value, name: string): Value => linear(emit, x, `${name}.weight`, `${name}.bias`)

function block(emit: Emit, layer: number, input: Value): Value {
  const { graph } = emit
  const name = (hook: string): string => `blocks.${layer}.${hook}`
  const before = emit.hook(name('hook_resid_pre'), input)
  const z = emit.hookOff(name('attn.hook_z'), selfAttention(emit, layer, norm(emit, before, `h.${layer}.ln_1`)), before)
  const attended = emit.hookOff(name('hook_attn_out'), project(emit, z.value, `h.${layer}.attn.attention.out_proj`), z.resid)
  const middle = emit.rows(layer, emit.hook(name('hook_resid_mid'), op.add(graph, attended.resid, attended.value)), 1)
  emit.observe(name('ln2.hook_normalized'), () => unitLayerNorm(graph, middle, settings(emit.rawConfig).layer_norm_epsilon))
  const read = norm(emit, middle, `h.${layer}.ln_2`)
  emit.observe(name('mlp.hook_in'), () => read)
  const hidden = emit.hookOff(name('mlp.hook_post'), mlpHidden(emit, layer, read), middle)
  const made = emit.hookOff(name('hook_mlp_out'), project(emit, hidden.value, `h.${layer}.mlp.c_proj`), hidden.resid)
  return emit.hook(name('hook_resid_post'), op.add(graph, made.resid, made.value))
}

function selfAttention(emit: Emit, layer: number, x: Value): Value {
  const { graph } = emit
  const { n_heads, d_head } = emit.config
  const config = settings(emit.rawConfig)
  const heads = (part: string, from: Value): Value =>
    splitHeads(graph, linear(emit, from, `h.${layer}.attn.attention.${part}_proj.weight`), n_heads, d_head)
  const window = kindsOf(config)?.[layer] === 'local' ? config.window_size : null
  return attention(emit, layer, { query: heads('q', emit.rows(layer, x, 1)), key: heads('k', x), value: heads('v', x) }, { scale: 1, window })
}

function mlpHidden(emit: Emit, layer: number, x: Value): Value {
  const activation = ACTIVATIONS[settings(emit.rawConfig).activation_function] ?? op.silu
  return activation(emit.graph, project(emit, x, `h.${layer}.mlp.c_fc`))
}

const unembedding = (raw: Readonly<Record<string, unknown>>): string => (settings(raw).tie_word_embeddings ? 'wte.weight' : 'lm_head.weight')

export const gptNeo: Architecture = {
  family: 'gpt-neo',
  modelTypes: ['gpt_neo'],
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
