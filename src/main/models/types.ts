/** What a model folder becomes. Names follow TransformerLens. */
import type { Token } from '../../shared/records/token'
import type { Graph, Value } from '../graph/types'
import type { WeightRef } from '../tensors/types'
import type { ChatTemplate } from './chat-file'

export type { WeightRef }

/** The sizes every architecture has. */
export interface ModelConfig {
  readonly d_model: number
  readonly n_layers: number
  readonly n_heads: number
  readonly n_kv_heads: number
  readonly d_head: number
  readonly d_mlp: number
  readonly d_vocab: number
  readonly n_ctx: number
  readonly eosIds: readonly number[]
}

export interface Tokenizer {
  /** Text -> ids; BOS as the tokenizer's own post-processor says. Special tokens spelt in the text stay plain text. */
  encode(text: string): number[]
  /**
   * Text that continues another -> ids: no BOS or EOS, and no space in front but one that is typed. So " Paris" is the token
   * that a SentencePiece model puts after a word, and "Paris" the one that goes on with a word.
   */
  encodeRaw(text: string): number[]
  /** A text that a chat template wrote -> ids: special tokens spelt in it are those tokens, and nothing is put around it. */
  encodeRendered(text: string): number[]
  /** What a token's bytes say, ready for display. */
  token(id: number): Token
  /** Ids -> text, joining byte fragments across tokens; special tokens left out. */
  decode(ids: readonly number[]): string
  readonly specialIds: ReadonlySet<number>
  readonly size: number
}

/** An opened model: everything but the running sessions. */
export interface Model {
  readonly folder: string
  readonly name: string
  readonly architecture: Architecture
  readonly config: ModelConfig
  /** config.json as read, for what only one architecture knows. */
  readonly rawConfig: Readonly<Record<string, unknown>>
  readonly weights: ReadonlyMap<string, WeightRef>
  /** Tensors in the weight files that nothing here uses, as the files spell them. */
  readonly extraTensors: readonly string[]
  readonly tokenizer: Tokenizer
  /** Null where the folder has none. */
  readonly chat: ChatTemplate | null
  readonly hash: string
  readonly precision: string
  readonly parameters: number
  readonly bytes: number
}

/**
 * What an architecture file is given while it emits the forward pass.
 * `hook(name, value)` names a value; where the segment starts, it returns the segment's input instead of `value`, and the
 * nodes that made `value` are pruned. So one forward pass serves every cut.
 */
export interface Emit {
  readonly graph: Graph
  readonly config: ModelConfig
  readonly rawConfig: Readonly<Record<string, unknown>>
  /** The weight as a float32 value (half precision is cast in the graph, folded when the session loads). */
  weight(name: string): Value
  has(name: string): boolean
  /** The type the weight is stored in: some models round a constant to it. */
  storedAs(name: string): WeightRef['type']
  hook(name: string, value: Value): Value
  /**
   * Names a value off the residual stream, [batch, seq, width], with the residual stream beside it: all else that the rest of the
   * pass reads of the block. Where the segment starts here, both are the segment's inputs. Called after the block's attention; both
   * come back narrowed to what `rows` keeps.
   */
  hookOff(name: string, value: Value, resid: Value): { value: Value; resid: Value }
  /** Names a value that is only ever read, such as the input of a transcoder; `make` runs where a segment asks for it. */
  observe(name: string, make: () => Value): void
  /** Absolute positions of the new tokens, int64 [seq]. */
  readonly positions: Value
  /**
   * Added to attention scores: 0 where a query may see a key, a huge negative number elsewhere; float32 [seq, past + seq].
   * With a window W only keys with query - key < W are seen. An addition rather than a selection, because its backward pass is free.
   */
  mask(window: number | null): Value
  /**
   * The part of x that the rest of the pass needs, along its position axis: in the last block before logits only the selected
   * positions, everywhere else all. Queries, their mask rows and the residual stream are narrowed; keys and values are not.
   */
  rows(layer: number, x: Value, axis: number): Value
  /**
   * Passes on the attention pattern of `layer`, a softmax over keys, and remembers it as a place where gradients can be stopped; or the
   * pattern that the segment is given in its place.
   */
  pattern(layer: number, value: Value): Value
  /** What several layers share, such as the rotation angles: made by `make` once per graph. */
  shared(name: string, make: () => Value): Value
  /**
   * Hands out the new keys and values of `layer`, float32 [batch, n_kv_heads, seq, d_head], and returns those of earlier tokens, [.., past,
   * ..]; null without a cache. They are not joined: a cache that grows by a token would be copied whole for each.
   */
  cache(layer: number, key: Value, value: Value): KeyValue | null
}

/** Keys and values of one layer, float32 [batch, n_kv_heads, tokens, d_head]. */
export interface KeyValue {
  readonly key: Value
  readonly value: Value
}

/** How the final residual stream becomes logits. */
export interface Lens {
  readonly unembed: string
  readonly gain: string
  readonly centre: boolean
  readonly plusOne?: boolean
}

/** One architecture family: one file, one line in architectures/index.ts. */
export interface Architecture {
  readonly family: string
  /** `model_type` values of config.json it reads. */
  readonly modelTypes: readonly string[]
  /** Reads and checks config.json. Fails with MODEL_CONFIG_INVALID or MODEL_FEATURE_UNSUPPORTED. */
  readConfig(raw: Readonly<Record<string, unknown>>, path: string): ModelConfig
  /** Prefixes stripped from tensor names, for example "model." or "transformer.". */
  readonly prefixes: readonly string[]
  /** Name and shape of every tensor the forward pass needs, after stripping prefixes. */
  requiredWeights(config: ModelConfig, raw: Readonly<Record<string, unknown>>): ReadonlyMap<string, readonly number[]>
  /** Hook points in forward order that a segment may start or end at; `standardHooks` where blocks have the usual order. */
  hookPoints(config: ModelConfig, raw: Readonly<Record<string, unknown>>): readonly string[]
  /** Further places whose value can be read, not replaced: inputs of transcoders, such as `blocks.{i}.ln2.hook_normalized`. */
  readPoints(config: ModelConfig, raw: Readonly<Record<string, unknown>>): readonly string[]
  /** tokens int64 [batch, seq] -> residual stream entering block 0, float32 [batch, seq, d_model]. */
  embed(emit: Emit, tokens: Value): Value
  /** Residual stream before block `layer` -> after it. Names its hook points. */
  block(emit: Emit, layer: number, resid: Value): Value
  /** The final norm, float32 [batch, n, d_model] -> the same. Logits are its product with the unembedding that `lens` names. */
  finalNorm(emit: Emit, resid: Value): Value
  /**
   * Name of the weight the unembedding uses (tied or not) as [d_vocab, d_model], and of the final norm's gain; `centre` where the
   * norm subtracts the mean; `plusOne` where the norm multiplies by 1 + gain.
   */
  lens(config: ModelConfig, raw: Readonly<Record<string, unknown>>): Lens
  /** c where logits are c tanh(x / c) of the product x above; null or absent where they are the product itself. */
  logitCap?(config: ModelConfig, raw: Readonly<Record<string, unknown>>): number | null
}

/**
 * Part of a model between two cuts.
 * Inputs:  from "tokens": `tokens` int64 [batch, seq]; from a hook point: `hook` float32 [batch, seq, width], and where it lies off
 *          the residual stream `beside`, the stream there, float32 [batch, seq, d_model];
 *          `positions` int64 [seq]; with a cache: `past_key.{l}`, `past_value.{l}` float32 [batch, n_kv_heads, past, d_head]
 *          for each layer inside, and `past_positions` int64 [past], where these keys stand: one beyond every query for places that are
 *          not filled yet, whose keys and values must be finite; to "logits": `select` int64 [n], indices into seq whose logits are wanted
 *          ([batch, n] with `ragged`).
 *          `pattern.{l}` where patterns are given.
 * Outputs: to a hook point: `hook` and `beside` as above (`hook_out` and `beside_out` from another hook point), and `also` float32 [batch, seq, width] when another place is asked for;
 *          to "logits": `logits` float32 [batch, n, d_vocab]; with a cache: `new_key.{l}`, `new_value.{l}` float32 [batch, n_kv_heads,
 *          seq, d_head], to be written after the past ones.
 * Inputs that a segment does not use are absent, and may be fed all the same: `positions` where no attention is left.
 * Prefix and suffix of the same hook point partition the layers: a layer's cache belongs to exactly one of them.
 */
export interface SegmentSpec {
  readonly from: string
  readonly to: string
  readonly cache: boolean
  /** A hook point or read point before `to` whose value is wanted as well: where a transcoder reads. */
  readonly also?: string
  /** Hook points and read points inside whose values at every position are outputs as well, `at.{i}` in their order. */
  readonly watch?: readonly string[]
  /**
   * To "logits": each row of the batch has selected positions of its own, because its prompt has a length of its own: `select` is int64
   * [batch, n].
   */
  readonly ragged?: boolean
  /**
   * Attention patterns, `pattern.{layer}` float32 [batch, n_kv_heads, group x queries, past + seq], of every layer whose attention lies
   * inside: "out" has them as outputs as well, "given" as inputs in the place of the segment's own.
   */
  readonly patterns?: 'out' | 'given'
}

export interface Segment {
  readonly graph: Graph
  readonly spec: SegmentSpec
  /** The values of the places in `spec.watch`, float32 [batch, seq, width]: what gradients are taken with respect to. */
  readonly watched: readonly Value[]
  /** The attention patterns, softmax over keys: with these held constant, gradients do not flow through queries and keys. */
  readonly patterns: readonly Value[]
  /** Layers whose key/value cache this segment holds. */
  readonly layers: readonly number[]
  /**
   * Of a segment to "logits": the residual stream before the final norm and the norm's output, both at the selected positions, float32
   * [batch, n, d_model], the unembedding, float32 [d_vocab, d_model], and the soft cap of logits if there is one. With `logitsOf` a few
   * tokens' logits are differentiated without the whole vocabulary's.
   */
  readonly final: { readonly resid: Value; readonly normalised: Value; readonly unembed: Value; readonly cap: number | null } | null
}
