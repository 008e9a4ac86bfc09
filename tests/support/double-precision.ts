/**
 * The runtime has no float64 Erf, and so no float64 exact Gelu. For tests both are rewritten with what it has, by Gauss-Legendre
 * quadrature of the integral over [0, x]:
 * erf(x) = 2 / sqrt(pi) x sum over k of w_k exp(-(x u_k)^2), u_k in (0, 1) and w_k the nodes and weights.
 * All terms are positive, so nothing cancels; with 40 nodes the error is below 1e-14 for |x| < 6.
 */
import { textOf } from '../../src/main/autodiff/read'
import * as op from '../../src/main/graph/ops'
import type { Graph, Node, Value } from '../../src/main/graph/types'

const NODES = 40

/** The same graph with every Erf and Gelu made of simpler float64 nodes. */
export function withoutErf(graph: Graph): Graph {
  const result: Graph = { ...graph, nodes: [], initializers: new Map(graph.initializers) }
  for (const node of graph.nodes) rewrite(result, node)
  return result
}

function rewrite(result: Graph, node: Node): void {
  const [x] = node.inputs
  const [y] = node.outputs
  if (!x || !y || (node.op !== 'Erf' && node.op !== 'Gelu')) {
    result.nodes.push(node)
    return
  }
  const scratch: Graph = { ...result, nodes: [] }
  const replacement = node.op === 'Gelu' ? gelu(scratch, node, x) : quadrature(scratch, x)
  result.fresh = scratch.fresh
  for (const made of scratch.nodes) rewrite(result, made)
  result.nodes.push({ op: 'Identity', domain: '', inputs: [replacement], outputs: [y], attributes: {} })
}

/** x (1 + erf(x / sqrt 2)) / 2, or x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, as ONNX defines Gelu-20. */
function gelu(graph: Graph, node: Node, x: Value): Value {
  const number = (value: number): Value => op.scalar(graph, value, x.type)
  const cube = op.mul(graph, x, op.mul(graph, x, x))
  const inner = (): Value => op.mul(graph, number(Math.sqrt(2 / Math.PI)), op.add(graph, x, op.mul(graph, number(0.044715), cube)))
  const share = textOf(node, 'approximate') === 'tanh' ? op.tanh(graph, inner()) : op.erf(graph, op.mul(graph, x, number(Math.SQRT1_2)))
  return op.mul(graph, op.mul(graph, number(0.5), x), op.add(graph, number(1), share))
}

function quadrature(graph: Graph, x: Value): Value {
  const number = (value: number): Value => op.scalar(graph, value, 'float64')
  const square = op.mul(graph, x, x)
  const terms = legendre(NODES).map(({ at, weight }) =>
    op.mul(graph, number(weight), op.exp(graph, op.mul(graph, square, number(-at * at))))
  )
  const sum = terms.reduce((total, term) => op.add(graph, total, term))
  return op.mul(graph, op.mul(graph, number(2 / Math.sqrt(Math.PI)), x), sum)
}

/** Nodes and weights of Gauss-Legendre quadrature on [0, 1], by Newton's method on the Legendre polynomial of that degree. */
function legendre(degree: number): { at: number; weight: number }[] {
  return Array.from({ length: degree }, (_, k) => {
    let x = Math.cos((Math.PI * (k + 0.75)) / (degree + 0.5))
    let slope = 0
    for (let step = 0; step < 10; step++) {
      let [before, value] = [1, x]
      for (let n = 2; n <= degree; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n]
      slope = (degree * (x * value - before)) / (x * x - 1)
      x -= value / slope
    }
    return { at: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) }
  })
}
