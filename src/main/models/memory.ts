/**
 * What an attribution takes in memory, from the description of a model alone. The parts are the copies that exist (measured by
 * `npm run bench -- --memory`, onnxruntime 1.30 on the CPU), not factors fitted to any model:
 *
 *   - A matrix that is multiplied by is packed for quicker products when its session loads: one float32 copy. What it was packed from
 *     (the mapped file, and of half precision a float32 copy) is freed when the copy is made.
 *   - The backward pass multiplies by the transpose: a second packed copy of every matrix after the hook point.
 *   - A matrix that rows are gathered from is used where the file is mapped if it is float32, else as one float32 copy.
 *   - Three sessions are loaded: up to the hook point, the rest, and the rest with its backward pass. The unembedding is in both of
 *     the latter, and its rows are gathered for the slope of a logit besides.
 */
import { assert } from '../../shared/errors'
import { termsOf } from '../graph/dims'
import type { Dim, Graph, Value } from '../graph/types'
import type { MemoryPart } from '../runtime/machine'
import { canonicalHook, layerOf } from './hooks'
import { buildSegment } from './segment'
import type { Model, WeightRef } from './types'

const MIB = 2 ** 20

/** Positions of the prompt that is estimated for. */
export const USUAL_POSITIONS = 128

/** The process before it loads anything: the JavaScript engine 73 MiB, the runtime's code 20, what rankings leave for the collector 22. */
const PROCESS = 115 * MIB
/** Blocks that files are read in to be hashed, and the vocabulary's two tables, entry by entry. */
const HASHING = 32 * MIB
const VOCABULARY_ENTRY = 512
/** A page that is read brings its neighbours: 16 pages of 4 KiB. */
const FAULT = 64 * 1024

/** How a weight is used decides how it is held. */
type Use = 'product' | 'rows' | 'other'

interface Held {
  readonly ref: WeightRef
  readonly use: Use
}

/**
 * What is loaded for one attribution with its exact check, cut at `hook`: the middle of the model where that is null or no hook point
 * of the model (which loading then says). Bytes.
 */
export function modelMemory(model: Model, asked: string | null = null, positions = USUAL_POSITIONS): MemoryPart[] {
  const hook = hookOf(model, asked)
  const prefix = buildSegment(model, { from: 'tokens', to: hook, cache: true }).graph
  const suffix = buildSegment(model, { from: hook, to: 'logits', cache: true }).graph
  const [before, after] = [heldBy(model, prefix), heldBy(model, suffix)]
  const { config, rawConfig, architecture } = model
  const unembed = model.weights.get(architecture.lens(config, rawConfig).unembed)
  const words = wordsOf(model)
  const matrices = after.filter(({ use, ref }) => use === 'product' && ref !== unembed)
  return [
    programOf(model),
    { what: `${words}, up to ${hook}`, bytes: sum(before, (held) => loaded(held, positions)) },
    { what: `${words}, from ${hook} on`, bytes: sum(after, (held) => loaded(held, positions)) },
    {
      what: `${words}, from ${hook} on for the gradient, forward and back`,
      bytes: sum(after, (held) => loaded(held, positions)) + sum(matrices, ({ ref }) => float32Bytes(ref)) + gathered(unembed)
    },
    { what: 'weights while they are packed', bytes: passing(model, [before, after]) },
    { what: `activations of ${positions} positions`, bytes: activations(suffix, positions) }
  ]
}

/** What is loaded to rank several layers at once: the model in one piece, with its backward pass down to the first of `hooks`. Bytes. */
export function layersMemory(model: Model, hooks: readonly string[], positions = USUAL_POSITIONS): MemoryPart[] {
  const first = hooks.reduce((a, b) => (layerOf(canonicalHook(b)) < layerOf(canonicalHook(a)) ? b : a), hookOf(model, hooks[0] ?? null))
  const whole = buildSegment(model, { from: 'tokens', to: 'logits', cache: false, watch: hooks }).graph
  const held = heldBy(model, whole)
  const { config, rawConfig, architecture } = model
  const unembed = model.weights.get(architecture.lens(config, rawConfig).unembed)
  const after = heldBy(model, buildSegment(model, { from: first, to: 'logits', cache: false }).graph)
  const matrices = after.filter(({ use, ref }) => use === 'product' && ref !== unembed)
  const words = wordsOf(model)
  return [
    programOf(model),
    { what: `${words}, forward`, bytes: sum(held, (one) => loaded(one, positions)) + gathered(unembed) },
    { what: `${words}, back to ${first}`, bytes: sum(matrices, ({ ref }) => float32Bytes(ref)) },
    { what: 'weights while they are packed', bytes: passing(model, [held]) },
    { what: `activations of ${positions} positions`, bytes: activations(whole, positions) }
  ]
}

/** What is loaded to read a prompt and generate, with no SAE: the model in one piece. Bytes. */
export function plainMemory(model: Model, positions = USUAL_POSITIONS): MemoryPart[] {
  const held = heldBy(model, buildSegment(model, { from: 'tokens', to: 'logits', cache: true }).graph)
  return [
    programOf(model),
    { what: wordsOf(model), bytes: sum(held, (one) => loaded(one, positions)) },
    { what: 'weights while they are packed', bytes: passing(model, [held]) }
  ]
}

function programOf({ bytes, config }: Model): MemoryPart {
  return { what: 'the program and the tokenizer', bytes: PROCESS + Math.min(HASHING, bytes) + config.d_vocab * VOCABULARY_ENTRY }
}

/** The hook point asked for, or the one before the middle block. */
function hookOf({ config, rawConfig, architecture }: Model, asked: string | null): string {
  const hooks = architecture.hookPoints(config, rawConfig)
  if (asked !== null && hooks.includes(asked)) return asked
  const middle = `blocks.${Math.floor(config.n_layers / 2)}.`
  const found = hooks.find((hook) => hook.startsWith(middle) && hook.endsWith('hook_resid_pre')) ?? hooks.find((hook) => hook.startsWith(middle))
  assert(found, `the architecture ${architecture.family} has a hook point in its middle block`)
  return found
}

/** "weights as float32 (stored as bfloat16)" */
function wordsOf({ precision }: Model): string {
  return precision === 'float32' ? 'weights' : `weights as float32 (stored as ${precision})`
}

/** The weights that a graph reads, each with how it is used there. */
function heldBy(model: Model, graph: Graph): Held[] {
  const uses = new Map<string, Use>()
  const cast = new Map<string, string>()
  for (const { op, inputs, outputs } of graph.nodes) {
    const [first, second] = inputs
    const [made] = outputs
    if (op === 'Cast' && first && made) cast.set(made.name, first.name)
    const source = (value: Value): string => cast.get(value.name) ?? value.name
    if (op === 'Gather' && first) uses.set(source(first), 'rows')
    if ((op === 'MatMul' || op === 'FusedMatMul') && second) uses.set(source(second), 'product')
  }
  return [...model.weights.values()].flatMap((ref) =>
    graph.initializers.has(ref.name) ? [{ ref, use: uses.get(ref.name) ?? 'other' }] : []
  )
}

const float32Bytes = ({ shape }: WeightRef): number => 4 * shape.reduce((product, size) => product * size, 1)

/** What a session keeps of a weight. */
function loaded({ ref, use }: Held, positions: number): number {
  const inPlace = ref.type === 'float32' && ref.load === undefined
  return use === 'rows' && inPlace ? Math.min(ref.length, positions * FAULT) : float32Bytes(ref)
}

/** The unembedding again, where rows of it are gathered: mapped, and read whole when it was packed; or its float32 copy. */
function gathered(unembed: WeightRef | undefined): number {
  return unembed ? float32Bytes(unembed) : 0
}

/**
 * What is in memory only while a session loads, of the session that has most of it: the largest matrix as it was before it was packed
 * (of half precision both as stored and as float32), and weights that had to be brought into order: as read, inside the graph's bytes,
 * and as the runtime has read them from there. Of half precision, float32 copies of about a block's weights are freed so late that no
 * other has taken their place.
 */
function passing(model: Model, sessions: readonly (readonly Held[])[]): number {
  const most = Math.max(
    ...sessions.map((held) => {
      const largest = Math.max(0, ...held.filter(({ use }) => use === 'product').map(({ ref }) => unpacked(ref)))
      return largest + sum(held, ({ ref }) => (ref.load === undefined ? 0 : 3 * ref.length))
    })
  )
  const inBlocks = sessions.flat().filter(({ ref, use }) => use === 'product' && ref.type !== 'float32')
  return most + sum(inBlocks, ({ ref }) => float32Bytes(ref)) / model.config.n_layers / 2
}

function unpacked(ref: WeightRef): number {
  return ref.type === 'float32' ? ref.length : ref.length + float32Bytes(ref)
}

/** What the forward pass computes on the way, all of which the backward pass reads again. */
function activations(graph: Graph, positions: number): number {
  const size = (dim: Dim): number => {
    if (typeof dim === 'number') return dim
    const known: Readonly<Record<string, number>> = { batch: 1, seq: positions, n: 1, past: 0 }
    return sum(termsOf(dim), ({ coefficient, symbols }) => symbols.reduce((product, symbol) => product * (known[symbol] ?? positions), coefficient))
  }
  const constant = new Set(graph.initializers.keys())
  let bytes = 0
  for (const { op, inputs, outputs } of graph.nodes) {
    // What depends on weights alone is not computed for each prompt.
    if (inputs.every((input) => input === null || constant.has(input.name))) for (const { name } of outputs) constant.add(name)
    else if (op !== 'Reshape') for (const { shape } of outputs) bytes += 4 * shape.reduce<number>((product, dim) => product * size(dim), 1)
  }
  return bytes
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
