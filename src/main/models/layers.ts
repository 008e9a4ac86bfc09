/**
 * The parts architectures are put together from. Shapes: b batch, s new tokens (seq), t all tokens (past + seq),
 * d d_model, h heads, k key/value heads, e d_head.
 */
import * as op from '../graph/ops'
import { multiplyDims } from '../graph/dims'
import type { Graph, Value } from '../graph/types'
import type { Emit, KeyValue } from './types'

/** x [.., in] times a Linear weight stored as [out, in], read in place without a transposed copy; plus its bias if named. */
export function linear(emit: Emit, x: Value, weight: string, bias: string | null = null): Value {
  const y = op.matMul(emit.graph, x, emit.weight(weight), { transB: true })
  return bias === null ? y : op.add(emit.graph, y, emit.weight(bias))
}

/** x [.., in] times a Conv1D weight stored as [in, out] (GPT-2's layout), plus its bias. */
export function conv1d(emit: Emit, x: Value, weight: string, bias: string): Value {
  return op.add(emit.graph, op.matMul(emit.graph, x, emit.weight(weight)), emit.weight(bias))
}

/** Activation functions under the names config.json uses. */
export const ACTIVATIONS: Readonly<Record<string, (graph: Graph, x: Value) => Value>> = {
  silu: op.silu,
  swish: op.silu,
  relu: op.relu,
  gelu: (graph, x) => op.gelu(graph, x, 'exact'),
  gelu_new: (graph, x) => op.gelu(graph, x, 'tanh'),
  gelu_fast: (graph, x) => op.gelu(graph, x, 'tanh'),
  gelu_pytorch_tanh: (graph, x) => op.gelu(graph, x, 'tanh')
}

/** Queries [b, s or fewer, h, e] (see `Emit.rows`), keys and values [b, s, k, e], before the keys of earlier tokens are joined. */
export interface Heads {
  readonly query: Value
  readonly key: Value
  readonly value: Value
}

/** How scores are made from queries and keys. */
export interface Scoring {
  readonly scale: number
  /** c: scores become c tanh(score / c) before the mask; null leaves them. */
  readonly softcap?: number | null
  /** W: a query sees the W newest keys up to its own only; null all. */
  readonly window?: number | null
}

/**
 * Causal attention, softmax(cap(q kᵀ scale) + mask) v, with head h reading key/value head floor(h k / heads).
 * The query heads that share a key/value head are laid out as further rows of one product, so keys and values are never
 * repeated. Returns what `blocks.{layer}.attn.hook_z` names, [b, queries, h e].
 */
export function attention(emit: Emit, layer: number, heads: Heads, { scale, softcap = null, window = null }: Scoring): Value {
  const { graph, config } = emit
  const { n_kv_heads, d_head } = config
  const group = config.n_heads / n_kv_heads
  const [batch = 'batch', queries = 'seq'] = heads.query.shape
  const rows = multiplyDims(group, queries)
  const [key, value] = [op.transpose(graph, heads.key, [0, 2, 1, 3]), op.transpose(graph, heads.value, [0, 2, 1, 3])]
  const past = emit.cache(layer, key, value)

  // Scaled before the product, not in it: the runtime has a quicker way for single rows, without a factor.
  const scaled = op.mul(graph, heads.query, op.scalar(graph, scale))
  const grouped = op.transpose(graph, op.reshape(graph, scaled, [batch, queries, n_kv_heads, group, d_head]), [0, 2, 3, 1, 4])
  const query = op.reshape(graph, grouped, [batch, n_kv_heads, rows, d_head])
  const scoresOf = (keys: Value): Value => op.matMul(graph, query, keys, { transB: true })
  const scores = past === null ? scoresOf(key) : op.concat(graph, [scoresOf(past.key), scoresOf(key)], -1)
  const capped = softcap === null ? scores : softCap(graph, scores, softcap)
  const pattern = emit.pattern(layer, op.softmax(graph, op.add(graph, capped, groupedMask(emit, layer, group, window))))
  const z = op.reshape(graph, mixed(graph, pattern, past, value), [batch, n_kv_heads, group, queries, d_head])
  return op.reshape(graph, op.transpose(graph, z, [0, 3, 1, 2, 4]), [batch, queries, config.n_heads * d_head])
}

/** pattern [.., past + seq] times the values of earlier tokens above the new ones. */
function mixed(graph: Graph, pattern: Value, past: KeyValue | null, value: Value): Value {
  if (past === null) return op.matMul(graph, pattern, value)
  const [before, now] = op.split(graph, pattern, -1, [past.value.shape[2] ?? 'past', value.shape[2] ?? 'seq'])
  if (before === undefined || now === undefined) throw new Error('Broken promise: a split into two gives two')
  return op.add(graph, op.matMul(graph, before, past.value), op.matMul(graph, now, value))
}

/** c tanh(x / c). */
export function softCap(graph: Graph, x: Value, c: number): Value {
  return op.mul(graph, op.tanh(graph, op.mul(graph, x, op.scalar(graph, 1 / c))), op.scalar(graph, c))
}

/**
 * The mask once for each query head of a group, [group * queries, t], or [b, 1, group * queries, t] where each row of the batch has
 * queries of its own. Layers with the same rows share it.
 */
function groupedMask(emit: Emit, layer: number, group: number, window: number | null): Value {
  const { graph } = emit
  const mask = emit.rows(layer, emit.mask(window), 0)
  return emit.shared(`${mask.name} grouped`, () => {
    const grouped = op.concat(graph, Array.from({ length: group }, () => mask), -2)
    return grouped.shape.length === 2 ? grouped : op.unsqueeze(graph, grouped, [1])
  })
}

/** Cosines and sines of the rotation angles, float32 [s, 1, e / 2]. */
export interface Rotation {
  readonly cos: Value
  readonly sin: Value
}

/**
 * Angles position * frequency[i] of every new token, from the frequencies of the e / 2 pairs. Layers that give the same `kind`
 * share them.
 */
export function rotation(emit: Emit, frequencies: readonly number[], kind = ''): Rotation {
  const { graph, positions } = emit
  const angles = emit.shared(`angles ${kind}`, () => {
    const column = op.cast(graph, op.unsqueeze(graph, positions, [1, 2]), 'float32')
    return op.mul(graph, column, op.constant(graph, 'float32', [1, 1, frequencies.length], frequencies))
  })
  return { cos: emit.shared(`cos ${kind}`, () => op.cos(graph, angles)), sin: emit.shared(`sin ${kind}`, () => op.sin(graph, angles)) }
}

/**
 * Rotary position embedding, half-split as Hugging Face stores it: dimension i is paired with i + e / 2, and
 * (a, b) becomes (a cos - b sin, b cos + a sin). x [b, s, heads, e].
 */
export function rotate(graph: Graph, x: Value, { cos, sin }: Rotation, d_head: number): Value {
  const [a, b] = op.split(graph, x, -1, [d_head / 2, d_head / 2])
  if (a === undefined || b === undefined) throw new Error('Broken promise: a split into two gives two')
  const first = op.sub(graph, op.mul(graph, a, cos), op.mul(graph, b, sin))
  const second = op.add(graph, op.mul(graph, b, cos), op.mul(graph, a, sin))
  return op.concat(graph, [first, second], -1)
}

/** As `rotate`, of the first `rotated` dimensions of each head only; the others stay as they are. */
export function rotateFirst(graph: Graph, x: Value, angles: Rotation, rotated: number, d_head: number): Value {
  if (rotated === d_head) return rotate(graph, x, angles, d_head)
  const [first, rest] = op.split(graph, x, -1, [rotated, d_head - rotated])
  if (first === undefined || rest === undefined) throw new Error('Broken promise: a split into two gives two')
  return op.concat(graph, [rotate(graph, first, angles, rotated), rest], -1)
}

/** The rotation at the positions that `Emit.rows` keeps of a layer. */
export function rowsOfRotation(emit: Emit, layer: number, { cos, sin }: Rotation): Rotation {
  return { cos: emit.rows(layer, cos, 0), sin: emit.rows(layer, sin, 0) }
}

/** x [b, s, heads e] as [b, s, heads, e]. */
export function splitHeads(graph: Graph, x: Value, heads: number, d_head: number): Value {
  const [batch = 'batch', seq = 'seq'] = x.shape
  return op.reshape(graph, x, [batch, seq, heads, d_head])
}

/** x / sqrt(mean x² + epsilon) over the last axis: RMSNorm before its gain, which `ln2.hook_normalized` names. */
export function unitRms(graph: Graph, x: Value, epsilon: number): Value {
  return op.rmsNorm(graph, x, ones(graph, x), epsilon)
}

/** (x - mean) / sqrt(variance + epsilon) over the last axis: LayerNorm before its gain and bias. */
export function unitLayerNorm(graph: Graph, x: Value, epsilon: number): Value {
  const gain = ones(graph, x)
  return op.layerNorm(graph, x, gain, op.mul(graph, gain, op.scalar(graph, 0)), epsilon)
}

function ones(graph: Graph, x: Value): Value {
  const width = Number(x.shape[x.shape.length - 1])
  return op.constant(graph, 'float32', [width], new Array<number>(width).fill(1))
}
