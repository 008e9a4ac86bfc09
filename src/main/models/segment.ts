/**
 * Cuts a model at hook points. The architecture emits its forward pass once, block by block; the value at the `from` hook is
 * replaced by the segment's input, and what only led up to it is pruned. So a cut inside a block needs no code of its own.
 */
import { assert, fail } from '../../shared/errors'
import { addExternal, addInput, addOutput, createGraph } from '../graph/create'
import { multiplyDims } from '../graph/dims'
import * as op from '../graph/ops'
import { prune } from '../graph/prune'
import type { Graph, Value } from '../graph/types'
import { canonicalHook, checkHook, checkReadable, isOffStream, layerOf, widthOf } from './hooks'
import { softCap } from './layers'
import type { Emit, KeyValue, Model, Segment, SegmentSpec, WeightRef } from './types'

/** Far below any score, yet finite: a score plus this is never infinite minus infinite, and its softmax is exactly 0. */
const UNSEEN = -1e30

/** A named value, and the residual stream beside it where it lies off the stream. */
interface Place {
  readonly value: Value
  readonly beside: Value | null
}

/** What the architecture is given, and what it leaves behind. */
interface Emitted {
  readonly emit: Emit
  /** Narrows x to the selected positions along `axis`, where it still has all. */
  readonly narrow: (x: Value, axis: number) => Value
  readonly hooks: ReadonlyMap<string, Place>
  /** New keys and values of each layer whose attention was emitted. */
  readonly present: ReadonlyMap<number, KeyValue>
  readonly patterns: ReadonlyMap<number, Value>
}

/**
 * The graph of one segment; see `SegmentSpec` for its inputs and outputs. Inputs that the segment does not use are absent
 * (`positions` where no attention is left, for example).
 * @throws HOOK_UNKNOWN
 */
export function buildSegment(model: Model, spec: SegmentSpec): Segment {
  const graph = createGraph(`${model.name}: ${spec.from} to ${spec.to}`)
  const { emit, narrow, hooks, present, patterns } = createEmit(model, spec, graph)
  const final = spec.to === 'logits' ? emitFinal(model, spec, emit, narrow) : null
  if (final) addOutput(graph, 'logits', capped(graph, final, op.matMul(graph, final.normalised, final.unembed, { transB: true })))
  else emitTo(model, spec, emit, hooks)
  const watched = (spec.watch ?? []).map((hook) => placeOf(model, hooks, canonicalHook(checkReadable(model, hook))).value)
  watched.forEach((value, i) => addOutput(graph, `at.${i}`, value))

  // What is left without caches and patterns says which layers' attention lies inside.
  const inside = prune(graph)
  const has = (name: string): boolean => inside.inputs.some((input) => input.name === name)
  const layers = spec.cache ? [...present.keys()].filter((layer) => has(`past_value.${layer}`)) : []
  for (const layer of layers) {
    const made = present.get(layer)
    assert(made, `layer ${layer} has a cache`)
    addOutput(graph, `new_key.${layer}`, made.key)
    addOutput(graph, `new_value.${layer}`, made.value)
  }
  if (spec.patterns === 'out')
    for (const [layer, value] of patterns) if (inside.nodes.some(({ outputs }) => outputs.includes(value))) addOutput(graph, `pattern.${layer}`, value)
  return { graph: prune(graph), spec, layers, final, watched, patterns: [...patterns.values()] }
}

/**
 * Logits of the tokens `ids` (int64 [m]) at the selected positions of a segment to "logits": float32 [batch, n, m]. The same numbers
 * as in its output `logits`, but their gradient reads m rows of the unembedding instead of all.
 */
export function logitsOf({ graph, final }: Segment, ids: Value): Value {
  assert(final, 'the segment ends at logits')
  return capped(graph, final, op.matMul(graph, final.normalised, op.gather(graph, final.unembed, ids), { transB: true }))
}

/**
 * The logit of one token at one place for each term: `ids` int64 [terms], `places` int64 [terms], which counts along batch times selected
 * positions -> float32 [terms]. As with `logitsOf`, the gradient reads one row of the unembedding for each term, not all of it.
 */
export function chosenLogits({ graph, final }: Segment, places: Value, ids: Value): Value {
  assert(final, 'the segment ends at logits')
  const [batch = 'batch', n = 'n', width = 0] = final.normalised.shape
  const normalised = op.gather(graph, op.reshape(graph, final.normalised, [multiplyDims(batch, n), width]), places)
  return capped(graph, final, op.reduceSum(graph, op.mul(graph, normalised, op.gather(graph, final.unembed, ids)), { axes: [1] }))
}

type Final = NonNullable<Segment['final']>

const capped = (graph: Graph, { cap }: Final, logits: Value): Value => (cap === null ? logits : softCap(graph, logits, cap))

function emitFinal(model: Model, spec: SegmentSpec, emit: Emit, narrow: Emitted['narrow']): Final {
  const { architecture, config, rawConfig } = model
  const last = config.n_layers - 1
  const resid = narrow(emitBlocks(model, spec, emit, last), 1)
  return {
    resid,
    normalised: architecture.finalNorm(emit, resid),
    unembed: emit.weight(architecture.lens(config, rawConfig).unembed),
    cap: architecture.logitCap?.(config, rawConfig) ?? null
  }
}

function emitTo(model: Model, spec: SegmentSpec, emit: Emit, hooks: Emitted['hooks']): void {
  const { graph } = emit
  const end = canonicalHook(checkHook(model, spec.to))
  emitBlocks(model, spec, emit, layerOf(end))
  const { value, beside } = placeOf(model, hooks, end)
  // A segment that starts at a hook point has inputs of these names already.
  const after = spec.from === 'tokens' ? '' : '_out'
  addOutput(graph, `hook${after}`, value)
  if (beside) addOutput(graph, `beside${after}`, beside)
  if (spec.also !== undefined) addOutput(graph, 'also', placeOf(model, hooks, canonicalHook(checkReadable(model, spec.also))).value)
}

function placeOf(model: Model, hooks: Emitted['hooks'], hook: string): Place {
  const found = hooks.get(hook)
  assert(found, `the architecture ${model.architecture.family} names the hook point ${hook}`)
  return found
}

/** Emits from the segment's start to the end of block `last`. */
function emitBlocks(model: Model, spec: SegmentSpec, emit: Emit, last: number): Value {
  const { architecture, config } = model
  const { graph } = emit
  let value: Value
  let first = 0
  if (spec.from === 'tokens') {
    value = architecture.embed(emit, addInput(graph, 'tokens', 'int64', ['batch', 'seq']))
  } else {
    const from = canonicalHook(checkHook(model, spec.from))
    const given = addInput(graph, 'hook', 'float32', ['batch', 'seq', widthOf(config, from)])
    // Up to the `from` hook, the block is fed what the segment is given: `hook` puts it in again where it belongs.
    value = isOffStream(from) ? addInput(graph, 'beside', 'float32', ['batch', 'seq', config.d_model]) : given
    first = layerOf(from)
  }
  for (let layer = first; layer <= last; layer++) value = architecture.block(emit, layer, value)
  return value
}

function createEmit(model: Model, spec: SegmentSpec, graph: Graph): Emitted {
  const start = spec.from === 'tokens' ? null : canonicalHook(checkHook(model, spec.from))
  const hooks = new Map<string, Place>()
  const present = new Map<number, KeyValue>()
  const patterns = new Map<number, Value>()
  const memo = new Map<string, Value>()
  const positions = addInput(graph, 'positions', 'int64', ['seq'])
  // Before the caches themselves: the size of the past is taken from here, also where no layer's cache is left.
  const past = spec.cache ? addInput(graph, 'past_positions', 'int64', ['past']) : null
  const select = spec.to === 'logits' ? addInput(graph, 'select', 'int64', spec.ragged === true ? ['batch', 'n'] : ['n']) : null
  const last = model.config.n_layers - 1
  // What is watched in the last block is wanted at every position, so that block is not narrowed before its end.
  const whole = (spec.watch ?? []).some((hook) => layerOf(canonicalHook(hook)) === last)
  const narrow = (x: Value, axis: number): Value => {
    if (!select || x.shape[axis] !== 'seq') return x
    return spec.ragged === true && axis === 1 ? gatherOfEach(emit, x, select) : op.gather(graph, x, select, axis)
  }
  const keys = past === null ? positions : op.concat(graph, [past, positions], 0)
  const given = (name: string): Value => {
    const found = graph.inputs.find((input) => input.name === name)
    assert(found, `a segment from a hook point is given its ${name}`)
    return found
  }
  const emit: Emit = {
    graph,
    config: model.config,
    rawConfig: model.rawConfig,
    positions,
    mask: (window) => emit.shared(`mask ${window}`, () => causalMask(graph, positions, keys, window)),
    rows: (layer, x, axis) => (layer === last && !whole ? narrow(x, axis) : x),
    weight: (name) => emit.shared(`weight ${name}`, () => readWeight(model, graph, name)),
    has: (name) => model.weights.has(name),
    storedAs: (name) => refOf(model, name).type,
    shared(name, make) {
      const value = memo.get(name) ?? make()
      memo.set(name, value)
      return value
    },
    hook(name, value) {
      const point = canonicalHook(name)
      const kept = point === start ? given('hook') : value
      hooks.set(point, { value: kept, beside: null })
      return kept
    },
    hookOff(name, value, resid) {
      const kept = name === start ? { value: given('hook'), resid: given('beside') } : { value, resid }
      hooks.set(name, { value: kept.value, beside: kept.resid })
      const layer = layerOf(name)
      return { value: emit.rows(layer, kept.value, 1), resid: emit.rows(layer, kept.resid, 1) }
    },
    observe(name, make) {
      if (spec.also === name || spec.watch?.includes(name)) hooks.set(name, { value: make(), beside: null })
    },
    pattern(layer, value) {
      const kept = spec.patterns === 'given' ? addInput(graph, `pattern.${layer}`, 'float32', value.shape) : value
      patterns.set(layer, kept)
      return kept
    },
    cache(layer, key, value) {
      if (!spec.cache) return null
      present.set(layer, { key, value })
      const { n_kv_heads, d_head } = model.config
      const earlier = (name: string): Value => addInput(graph, `${name}.${layer}`, 'float32', ['batch', n_kv_heads, 'past', d_head])
      return { key: earlier('past_key'), value: earlier('past_value') }
    }
  }
  return { emit, narrow, hooks, present, patterns }
}

/** Of x [batch, seq, ..] the positions `select` int64 [batch, n] of each row: [batch, n, ..]. */
function gatherOfEach({ graph, shared }: Emit, x: Value, select: Value): Value {
  const [batch = 'batch', seq = 'seq', ...rest] = x.shape
  const places = shared('selected places', () => {
    const rows = op.unsqueeze(graph, op.iota(graph, op.dimOf(graph, select, 0), batch), [1])
    return op.add(graph, op.mul(graph, rows, op.dimValue(graph, seq)), select)
  })
  return op.gather(graph, op.reshape(graph, x, [multiplyDims(batch, seq), ...rest]), places)
}

/** The weight as float32. Half precision is cast in the graph; the runtime folds that once, when the session loads. */
function readWeight(model: Model, graph: Graph, name: string): Value {
  const ref = refOf(model, name)
  return op.cast(graph, addExternal(graph, ref.name, ref.type, ref.shape, ref), 'float32')
}

const refOf = (model: Model, name: string): WeightRef =>
  model.weights.get(name) ?? fail('TENSOR_MISSING', { path: model.folder, name, hint: 'model_type in config.json' })

/** 0 where a key at position j may be seen from the query at position p, that is 0 <= p - j, and < window if there is one; UNSEEN elsewhere. */
function causalMask(graph: Graph, positions: Value, keys: Value, window: number | null): Value {
  const queries = op.unsqueeze(graph, positions, [1])
  const past = op.where(graph, op.lessOrEqual(graph, keys, queries), op.scalar(graph, 0), op.scalar(graph, UNSEEN))
  if (window === null) return past
  const near = op.less(graph, op.sub(graph, queries, keys), op.int64s(graph, [window]))
  return op.where(graph, near, past, op.scalar(graph, UNSEEN))
}

/**
 * The model from tokens to several of its hook points at once: inputs as of a segment from "tokens" without a cache, outputs `at.{i}`
 * float32 [batch, seq, width], the value at `hooks[i]`. @throws HOOK_UNKNOWN
 */
export function buildObserver(model: Model, hooks: readonly string[]): Graph {
  const spec: SegmentSpec = { from: 'tokens', to: hooks[hooks.length - 1] ?? 'logits', cache: false }
  const graph = createGraph(`${model.name}: ${hooks.length} hook points`)
  const { emit, hooks: named } = createEmit(model, spec, graph)
  const wanted = hooks.map((hook) => canonicalHook(checkHook(model, hook)))
  emitBlocks(model, spec, emit, Math.max(...wanted.map(layerOf)))
  wanted.forEach((hook, i) => {
    const place = named.get(hook)
    assert(place, `the architecture ${model.architecture.family} names the hook point ${hook}`)
    addOutput(graph, `at.${i}`, place.value)
  })
  return prune(graph)
}
