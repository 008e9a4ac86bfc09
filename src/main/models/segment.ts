/**
 * Cuts a model at hook points. The architecture emits its forward pass once, block by block; the value at the `from` hook is
 * replaced by the segment's input, and what only led up to it is pruned. So a cut inside a block needs no code of its own.
 */
import { assert, fail } from '../../shared/errors'
import { addExternal, addInput, addOutput, createGraph } from '../graph/create'
import { addDims } from '../graph/dims'
import * as op from '../graph/ops'
import { prune } from '../graph/prune'
import type { Dim, Graph, Value } from '../graph/types'
import { canonicalHook, checkHook, layerOf } from './hooks'
import type { Emit, Model, Segment, SegmentSpec } from './types'

/** Far below any score, yet finite: a score plus this is never infinite minus infinite, and its softmax is exactly 0. */
const UNSEEN = -1e30

/** What the architecture is given, and what it leaves behind. */
interface Emitted {
  readonly emit: Emit
  readonly hooks: ReadonlyMap<string, Value>
  /** New cache entries of each layer whose attention was emitted. */
  readonly present: ReadonlyMap<number, { key: Value; value: Value }>
}

/**
 * The graph of one segment; see `SegmentSpec` for its inputs and outputs. Inputs that the segment does not use are absent
 * (`positions` where no attention is left, for example).
 * @throws HOOK_UNKNOWN
 */
export function buildSegment(model: Model, spec: SegmentSpec): Segment {
  const graph = createGraph(`${model.name}: ${spec.from} to ${spec.to}`)
  const { emit, hooks, present } = createEmit(model, spec, graph)
  const final = spec.to === 'logits' ? emitFinal(model, spec, emit) : null
  if (final) addOutput(graph, 'logits', op.matMul(graph, final.normalised, final.unembed, { transB: true }))
  else addOutput(graph, 'resid', emitTo(model, spec, emit, hooks))

  const pruned = prune(graph)
  const layers = spec.cache ? [...present.keys()].filter((layer) => pruned.inputs.some(({ name }) => name === `past_key.${layer}`)) : []
  for (const layer of layers) {
    const made = present.get(layer)
    assert(made, `layer ${layer} has a cache`)
    addOutput(pruned, `present_key.${layer}`, made.key)
    addOutput(pruned, `present_value.${layer}`, made.value)
  }
  return { graph: pruned, spec, layers, final }
}

/**
 * Logits of the tokens `ids` (int64 [m]) at the selected positions of a segment to "logits": float32 [batch, n, m]. The same numbers
 * as in its output `logits`, but their gradient reads m rows of the unembedding instead of all.
 */
export function logitsOf({ graph, final }: Segment, ids: Value): Value {
  assert(final, 'the segment ends at logits')
  return op.matMul(graph, final.normalised, op.gather(graph, final.unembed, ids), { transB: true })
}

/**
 * The logit of one token for each row (batch times selected positions): ids int64 [rows] -> float32 [rows]. As with `logitsOf`, the
 * gradient reads one row of the unembedding for each, not all of it.
 */
export function chosenLogits({ graph, final }: Segment, ids: Value): Value {
  assert(final, 'the segment ends at logits')
  const [rows] = ids.shape
  const width = final.normalised.shape[2]
  assert(rows !== undefined && width !== undefined, 'ids are [rows] and the final values [batch, n, d_model]')
  const normalised = op.reshape(graph, final.normalised, [rows, width])
  return op.reduceSum(graph, op.mul(graph, normalised, op.gather(graph, final.unembed, ids)), { axes: [1] })
}

function emitFinal(model: Model, spec: SegmentSpec, emit: Emit): NonNullable<Segment['final']> {
  const { architecture, config, rawConfig } = model
  const last = config.n_layers - 1
  const resid = emit.rows(last, emitBlocks(model, spec, emit, last), 1)
  return { normalised: architecture.finalNorm(emit, resid), unembed: emit.weight(architecture.lens(config, rawConfig).unembed) }
}

function emitTo(model: Model, spec: SegmentSpec, emit: Emit, hooks: ReadonlyMap<string, Value>): Value {
  const end = canonicalHook(checkHook(model, spec.to))
  emitBlocks(model, spec, emit, layerOf(end))
  const value = hooks.get(end)
  assert(value, `the architecture ${model.architecture.family} names the hook point ${end}`)
  return value
}

/** Emits from the segment's start to the end of block `last`. */
function emitBlocks(model: Model, spec: SegmentSpec, emit: Emit, last: number): Value {
  const { architecture, config } = model
  const { graph } = emit
  const resid: Dim[] = ['batch', 'seq', config.d_model]
  let value: Value
  let first = 0
  if (spec.from === 'tokens') {
    value = architecture.embed(emit, addInput(graph, 'tokens', 'int64', ['batch', 'seq']))
  } else {
    value = addInput(graph, 'resid', 'float32', resid)
    first = layerOf(canonicalHook(spec.from))
  }
  // Up to the `from` hook, a segment that starts at one is fed its own input: `hook` puts it in again where it belongs.
  for (let layer = first; layer <= last; layer++) value = architecture.block(emit, layer, value)
  return value
}

function createEmit(model: Model, spec: SegmentSpec, graph: Graph): Emitted {
  const start = spec.from === 'tokens' ? null : canonicalHook(checkHook(model, spec.from))
  const hooks = new Map<string, Value>()
  const present = new Map<number, { key: Value; value: Value }>()
  const memo = new Map<string, Value>()
  const positions = addInput(graph, 'positions', 'int64', ['seq'])
  const select = spec.to === 'logits' ? addInput(graph, 'select', 'int64', ['n']) : null
  const total: Dim = spec.cache ? addDims('past', 'seq') : 'seq'
  const emit: Emit = {
    graph,
    config: model.config,
    rawConfig: model.rawConfig,
    positions,
    mask: causalMask(graph, positions, total),
    rows: (layer, x, axis) =>
      select && layer === model.config.n_layers - 1 && x.shape[axis] === 'seq' ? op.gather(graph, x, select, axis) : x,
    weight: (name) => emit.shared(`weight ${name}`, () => readWeight(model, graph, name)),
    has: (name) => model.weights.has(name),
    shared(name, make) {
      const value = memo.get(name) ?? make()
      memo.set(name, value)
      return value
    },
    hook(name, value) {
      const point = canonicalHook(name)
      const input = point === start ? graph.inputs.find((found) => found.name === 'resid') : undefined
      hooks.set(point, input ?? value)
      return input ?? value
    },
    cache(layer, key, value) {
      if (!spec.cache) return { key, value }
      const joined = { key: joinPast(model, graph, `past_key.${layer}`, key), value: joinPast(model, graph, `past_value.${layer}`, value) }
      present.set(layer, joined)
      return joined
    }
  }
  return { emit, hooks, present }
}

/** The weight as float32. Half precision is cast in the graph; the runtime folds that once, when the session loads. */
function readWeight(model: Model, graph: Graph, name: string): Value {
  const ref = model.weights.get(name) ?? fail('TENSOR_MISSING', { path: model.folder, name, hint: 'model_type in config.json' })
  const { file, offset, length } = ref
  return op.cast(graph, addExternal(graph, ref.name, ref.type, ref.shape, { file, offset, length }), 'float32')
}

/**
 * 0 where key j may be seen from the query at position p, that is j <= p, and UNSEEN elsewhere. The positions are contiguous,
 * so the number of keys is the last position plus one, with and without a cache.
 */
function causalMask(graph: Graph, positions: Value, total: Dim): Value {
  const count = op.add(graph, op.slice(graph, positions, 0, -1), op.int64s(graph, [1]))
  const keys = op.iota(graph, count, total)
  const seen = op.lessOrEqual(graph, keys, op.unsqueeze(graph, positions, [1]))
  return op.where(graph, seen, op.scalar(graph, 0), op.scalar(graph, UNSEEN))
}

function joinPast(model: Model, graph: Graph, name: string, fresh: Value): Value {
  const { n_kv_heads, d_head } = model.config
  const past = addInput(graph, name, 'float32', ['batch', n_kv_heads, 'past', d_head])
  return op.concat(graph, [past, fresh], 2)
}
