/**
 * A float32 graph computed in float64: finite differences of it are exact to many more digits than its own. The weights are the stored
 * ones, cast; every other node runs the runtime's float64 kernel.
 */
import { producersOf } from '../../src/main/graph/create'
import * as op from '../../src/main/graph/ops'
import type { Graph, Initializer, Node, TypedArray, Value } from '../../src/main/graph/types'
import { numberOf } from '../../src/main/autodiff/read'
import { withoutErf } from './double-precision'

const wide = (value: Value): Value => (value.type === 'float32' ? { ...value, type: 'float64' } : value)

/** The same graph with float64 in place of float32, inputs and outputs included; names stay. */
export function inDouble(graph: Graph): Graph {
  const result: Graph = {
    name: graph.name,
    inputs: graph.inputs.map(wide),
    outputs: new Map([...graph.outputs].map(([name, value]) => [name, wide(value)])),
    nodes: [],
    initializers: new Map(),
    fresh: graph.fresh
  }
  for (const initializer of graph.initializers.values()) addWide(result, initializer)
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs.flatMap((input) => (input ? [input.name] : []))))
  for (const node of graph.nodes) addNodeInDouble(result, node, read)
  return withoutErf(result)
}

function addWide(result: Graph, initializer: Initializer): void {
  const { value } = initializer
  if (value.type !== 'float32') result.initializers.set(value.name, initializer)
  else if ('data' in initializer) result.initializers.set(value.name, { value: wide(value), data: numbersOf(initializer) })
  else {
    const stored = { ...value, name: `${value.name} as stored` }
    result.initializers.set(stored.name, { value: stored, external: initializer.external })
    addIdentity(result, op.cast(result, stored, 'float64'), wide(value))
  }
}

/** A constant's numbers. Small ones carry them in their name (graph/ops/constants.ts), before they were rounded to float32. */
function numbersOf({ value, data }: { value: Value; data: TypedArray }): Float64Array {
  const named = /^float32\[.*\]:(.+)$/.exec(value.name)?.[1]
  return named === undefined ? Float64Array.from(data, Number) : Float64Array.from(named.split(','), Number)
}

function addNodeInDouble(result: Graph, node: Node, read: ReadonlySet<string>): void {
  const inputs = node.inputs.map((input) => input && wide(input))
  const outputs = node.outputs.map(wide)
  const [y, ...byProducts] = outputs
  const [x] = inputs
  if (node.op === 'Cast' && x && y && node.outputs[0]?.type === 'float32') {
    addIdentity(result, op.cast(result, x, 'float64'), y)
    return
  }
  if (node.op === 'LayerNormalization' && x && y) {
    // The runtime yields its statistics in float32, so they are computed beside it.
    result.nodes.push({ ...node, inputs, outputs: [y] })
    if (byProducts.some(({ name }) => read.has(name))) addStatistics(result, node, x, byProducts)
    return
  }
  result.nodes.push({ ...node, inputs, outputs })
}

function addStatistics(result: Graph, node: Node, x: Value, [mean, scale]: readonly Value[]): void {
  const found = op.reduceMean(result, x, { axes: [-1], keep: true })
  const inverse = inverseRoot(result, op.sub(result, x, found), numberOf(node, 'epsilon', 1e-5))
  for (const [made, value] of [[found, mean] as const, [inverse, scale] as const]) if (value) addIdentity(result, made, value)
}

/**
 * The same graph with every normalisation in plain arithmetic: the kernels hold their epsilon in float32, which would be seen in float64.
 */
export function withPlainNorms(graph: Graph): Graph {
  const result: Graph = { ...graph, nodes: [], initializers: new Map(graph.initializers) }
  for (const node of graph.nodes)
    if (isNorm(node)) withScale(result, node, null)
    else result.nodes.push(node)
  return result
}

const isNorm = ({ op }: Node): boolean => /LayerNormalization$/.test(op)

/** 1 / sqrt(mean x² + epsilon) of each row. */
function inverseRoot(graph: Graph, x: Value, epsilon: number): Value {
  const square = op.reduceMean(graph, op.mul(graph, x, x), { axes: [-1], keep: true })
  return op.reciprocal(graph, op.sqrt(graph, op.add(graph, square, op.scalar(graph, epsilon, 'float64'))))
}

/** Which parts of a forward pass are held at the numbers they have at one point. */
export interface Held {
  readonly attention: boolean
  readonly norms: boolean
}

/**
 * A float64 forward pass taken apart, so that attention patterns and scales of norms can be read at one point and fed back at others.
 * `probe` has them as outputs, `names`; `fed` has them as inputs of the same names instead of computing them. It looks for the ops
 * themselves (every Softmax over keys, every normalisation), not for what the model's code marks.
 */
export function holding(graph: Graph, held: Held): { probe: Graph; fed: Graph; names: readonly string[] } {
  const probe: Graph = { ...graph, nodes: [], outputs: new Map(), initializers: new Map(graph.initializers) }
  const fed: Graph = { ...graph, inputs: [...graph.inputs], nodes: [], initializers: new Map(graph.initializers) }
  const names: string[] = []
  /** What `made` yields in the probe is fed. */
  const swap = (made: Value): Value => {
    const given = { ...made, name: `held ${names.length}` }
    names.push(given.name)
    probe.outputs.set(given.name, made)
    fed.inputs.push(given)
    return given
  }
  const targets = softmaxOfTargets(graph)
  for (const node of graph.nodes) {
    const [y] = node.outputs
    if (held.attention && node.op === 'Softmax' && y && !targets.has(y.name)) {
      probe.nodes.push(node)
      addIdentity(fed, swap(y), y)
    } else if (held.norms && isNorm(node)) {
      withScale(fed, node, swap(withScale(probe, node, null)))
    } else {
      probe.nodes.push(node)
      fed.nodes.push(node)
    }
  }
  return { probe, fed, names }
}

/** The softmax over the vocabulary that a probability is read from: nothing but gathers comes after it. */
function softmaxOfTargets(graph: Graph): Set<string> {
  const producers = producersOf(graph)
  const readings = graph.outputs.get('readings')
  let node = readings && producers.get(readings.name)
  while (node && node.op !== 'Softmax') {
    const [x] = node.inputs
    node = /^(Gather|Reshape|Squeeze|Identity)/.test(node.op) && x ? producers.get(x.name) : undefined
  }
  return new Set(node?.outputs.map(({ name }) => name))
}

/** Emits a normalisation in plain arithmetic, with the scale given or computed; returns the scale. */
function withScale(graph: Graph, node: Node, given: Value | null): Value {
  const [x, gain, bias] = node.inputs
  const [y] = node.outputs
  if (!x || !gain || !y) throw new Error('a normalisation has an input, a gain and an output')
  const centred = node.op === 'LayerNormalization' ? op.sub(graph, x, op.reduceMean(graph, x, { axes: [-1], keep: true })) : x
  const scale = given ?? inverseRoot(graph, centred, numberOf(node, 'epsilon', 1e-5))
  const scaled = op.mul(graph, op.mul(graph, centred, scale), gain)
  const made = bias ? op.add(graph, scaled, bias) : scaled
  addIdentity(graph, made, y)
  return scale
}

function addIdentity(graph: Graph, from: Value, to: Value): void {
  graph.nodes.push({ op: 'Identity', domain: '', inputs: [from], outputs: [to], attributes: {} })
}
