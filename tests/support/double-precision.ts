/**
 * The runtime has no float64 Erf, and so no float64 exact Gelu. For tests both are rewritten with what it has:
 * erf(x) = 2 / sqrt(pi) sum over n of (-1)^n x^(2n + 1) / (n! (2n + 1)), 60 terms. For |x| < 2.5 the largest term is about 100,
 * so the error is below 1e-13.
 */
import { expansionOf } from '../../src/main/autodiff/expansions'
import * as op from '../../src/main/graph/ops'
import type { Graph, Node, Value } from '../../src/main/graph/types'

const TERMS = 60

/** The same graph with every Erf and Gelu made of simpler float64 nodes. */
export function withoutErf(graph: Graph): Graph {
  const result: Graph = { ...graph, nodes: [], initializers: new Map(graph.initializers) }
  for (const node of graph.nodes) rewrite(result, node)
  return result
}

function rewrite(result: Graph, node: Node): void {
  const expansion = node.op === 'Gelu' ? expansionOf(node) : undefined
  const [x] = node.inputs
  const [y] = node.outputs
  if (!x || !y || (node.op !== 'Erf' && !expansion)) {
    result.nodes.push(node)
    return
  }
  const scratch: Graph = { ...result, nodes: [] }
  const replacement = expansion ? expansion.expand(scratch, node)[0] : series(scratch, x)
  result.fresh = scratch.fresh
  for (const made of scratch.nodes) rewrite(result, made)
  if (replacement) result.nodes.push({ op: 'Identity', domain: '', inputs: [replacement], outputs: [y], attributes: {} })
}

function series(graph: Graph, x: Value): Value {
  const number = (value: number): Value => op.scalar(graph, value, 'float64')
  const square = op.mul(graph, x, x)
  // Horner: with r(n) = coefficient(n) / coefficient(n - 1) the sum is c0 (1 + r1 x^2 (1 + r2 x^2 (1 + ...)))
  let sum = number(1)
  for (let n = TERMS; n >= 1; n--) {
    const ratio = number(-(2 * n - 1) / (n * (2 * n + 1)))
    sum = op.add(graph, number(1), op.mul(graph, op.mul(graph, ratio, square), sum))
  }
  return op.mul(graph, op.mul(graph, number(2 / Math.sqrt(Math.PI)), x), sum)
}
