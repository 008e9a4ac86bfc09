/**
 * Reverse-mode differentiation as a graph transformation: appends to `graph` the nodes that compute d of / d wrt.
 * The chain rule, walking nodes backwards: d of / d x = sum over the nodes that read x of (their rule applied to d of / d y).
 */
import { assert } from '../../shared/errors'
import * as op from '../graph/ops'
import { sameShape, sizeOf } from '../graph/dims'
import type { Graph, Node, Value } from '../graph/types'
import { expansionOf } from './expansions'
import { ruleOf } from './rules'
import type { Step } from './types'

export interface GradientOptions {
  /** Values no gradient flows through: they are treated as constants. */
  readonly stop?: readonly Value[]
  /** Holds the scales of normalisations (1 / root mean square, 1 / standard deviation) as they are: norms are then linear. */
  readonly frozenNorms?: boolean
}

/**
 * Gradients of the scalar `of` (one element) with respect to each value of `wrt`, in their order and with their shapes; zeros where
 * `of` does not depend on one. Only what these need is emitted. A value in both `wrt` and `stop` gets its gradient, and nothing flows past it.
 */
export function gradient(graph: Graph, of: Value, wrt: readonly Value[], options: GradientOptions = {}): Value[] {
  assert(sizeOf(of.shape) === 1, `the differentiated value ${of.name} [${of.shape.join(', ')}] has one element`)
  const walk: Walk = {
    graph,
    live: new Set(wrt.map((value) => value.name)),
    stopped: new Set((options.stop ?? []).map((value) => value.name)),
    gradients: new Map(),
    frozenNorms: options.frozenNorms === true
  }
  const forward = [...graph.nodes]
  markLive(walk, forward)
  if (walk.live.has(of.name)) walk.gradients.set(of.name, op.full(graph, 1, of))
  walkBack(walk, forward)
  return wrt.map((value) => walk.gradients.get(value.name) ?? op.full(graph, 0, value, [value]))
}

interface Walk {
  readonly graph: Graph
  /** Names of the values that depend on `wrt` through floating-point arithmetic. */
  readonly live: Set<string>
  readonly stopped: ReadonlySet<string>
  /** Value name -> the sum of the gradients that have reached it. */
  readonly gradients: Map<string, Value>
  readonly frozenNorms: boolean
}

/** Spreads liveness forward: a floating-point output is live when an input is, unless gradients stop there. */
function markLive({ live, stopped }: Walk, nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (!node.inputs.some((input) => input && live.has(input.name))) continue
    for (const output of node.outputs) if (isFloat(output) && !stopped.has(output.name)) live.add(output.name)
  }
}

function walkBack(walk: Walk, nodes: readonly Node[]): void {
  for (const node of [...nodes].reverse()) {
    const reached = node.outputs.some((output) => walk.gradients.has(output.name) && !walk.stopped.has(output.name))
    if (!reached || !node.inputs.some((input) => input && walk.live.has(input.name))) continue
    const expansion = expansionOf(node)
    if (expansion) walkThrough(walk, node, expansion.expand)
    else applyRule(walk, node)
  }
}

/** Differentiates the nodes an expansion emits in place of `node`. */
function walkThrough(walk: Walk, node: Node, expand: (graph: Graph, node: Node) => readonly Value[]): void {
  const before = walk.graph.nodes.length
  const replacements = expand(walk.graph, node)
  const emitted = walk.graph.nodes.slice(before)
  markLive(walk, emitted)
  node.outputs.forEach((output, index) => {
    const dy = walk.gradients.get(output.name)
    const replacement = replacements[index]
    if (dy && replacement) walk.gradients.set(replacement.name, dy)
  })
  walkBack(walk, emitted)
}

function applyRule(walk: Walk, node: Node): void {
  const rule = ruleOf(node, walk.frozenNorms)
  assert(rule, `the op ${node.op} of node ${node.outputs[0]?.name} has a gradient rule`)
  const pulls = rule(stepOf(walk, node))
  node.inputs.forEach((input, index) => {
    const pull = pulls[index]
    if (!input || !pull || !walk.live.has(input.name)) return
    const contribution = fit(walk.graph, pull(), input)
    const sum = walk.gradients.get(input.name)
    walk.gradients.set(input.name, sum ? op.add(walk.graph, sum, contribution) : contribution)
  })
}

/** Undoes broadcasting, for every rule: sums over the axes along which `input` was repeated. */
function fit(graph: Graph, contribution: Value, input: Value): Value {
  const { shape } = contribution
  if (sameShape(shape, input.shape)) return contribution
  const added = shape.length - input.shape.length
  const repeated = input.shape.flatMap((dim, axis) => (dim === 1 && shape[axis + added] !== 1 ? [axis + added] : []))
  const summed = op.reduceSum(graph, contribution, { axes: repeated, keep: true })
  const result = added === 0 ? summed : op.reduceSum(graph, summed, { axes: Array.from({ length: added }, (_, axis) => axis) })
  assert(sameShape(result.shape, input.shape), `the gradient [${shape.join(', ')}] of ${input.name} fits [${input.shape.join(', ')}]`)
  return result
}

function stepOf({ graph, gradients, stopped }: Walk, node: Node): Step {
  const input = (index: number): Value | null => node.inputs[index] ?? null
  const present = (value: Value | null | undefined, what: string): Value => {
    assert(value, `${node.op} ${node.outputs[0]?.name} has ${what}`)
    return value
  }
  const gradientOf = (index: number): Value | null => {
    const name = node.outputs[index]?.name
    return name === undefined || stopped.has(name) ? null : (gradients.get(name) ?? null)
  }
  return {
    graph,
    node,
    get a() {
      return present(input(0), 'a first input')
    },
    get b() {
      return present(input(1), 'a second input')
    },
    get c() {
      return present(input(2), 'a third input')
    },
    get y() {
      return present(node.outputs[0], 'an output')
    },
    get dy() {
      return present(gradientOf(0), 'a gradient of its first output')
    },
    input,
    gradientOf
  }
}

function isFloat(value: Value): boolean {
  return value.type.includes('float')
}
