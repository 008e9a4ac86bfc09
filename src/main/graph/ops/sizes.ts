/** Sizes as values: what a symbolic dimension is at run time. */
import { assert } from '../../../shared/errors'
import { addNode, int } from '../create'
import { normaliseAxis, sameShape, termsOf } from '../dims'
import type { Dim, Graph, Value } from '../types'
import { concat } from './concat'
import { int64s } from './constants'
import { add, mul } from './elementwise'

/** Sizes of axes start..end-1 as int64 [end - start]; the whole shape by default. */
export function shapeOf(graph: Graph, x: Value, start = 0, end = x.shape.length): Value {
  const attributes = { start: int(start), end: int(end) }
  return addNode(graph, { op: 'Shape', inputs: [x], attributes }, { type: 'int64', shape: [end - start] })
}

/** Size of one axis as int64 [1]. */
export function dimOf(graph: Graph, x: Value, axis: number): Value {
  const at = normaliseAxis(axis, x.shape.length)
  const dim = x.shape[at]
  return typeof dim === 'number' ? int64s(graph, [dim]) : shapeOf(graph, x, at, at + 1)
}

/**
 * The symbolic size `dim` as int64 [1], computed from the shapes of the graph's inputs, of `sources` or, at last, of any value made
 * so far; an expression term by term. Inputs come first because the shape of a computed value keeps its nodes alive.
 */
export function dimValue(graph: Graph, dim: Dim, sources: readonly Value[] = []): Value {
  if (typeof dim === 'number') return int64s(graph, [dim])
  const found = findDim(graph, dim, sources)
  assert(found, `some value of ${graph.name} has the size ${dim}`)
  return found
}

/** The sizes `dims` as one int64 vector. */
export function dimVector(graph: Graph, dims: readonly Dim[], sources: readonly Value[] = []): Value {
  const numbers = dims.filter((dim) => typeof dim === 'number')
  if (numbers.length === dims.length) return int64s(graph, numbers)
  const whole = graph.inputs.find((input) => sameShape(input.shape, dims))
  if (whole) return shapeOf(graph, whole)
  return concat(
    graph,
    dims.map((dim) => dimValue(graph, dim, sources)),
    0
  )
}

function findDim(graph: Graph, dim: Dim, sources: readonly Value[]): Value | undefined {
  const within = (values: readonly Value[]): Value | undefined => {
    const owner = values.find((value) => value.shape.includes(dim))
    return owner && dimOf(graph, owner, owner.shape.indexOf(dim))
  }
  return within(graph.inputs) ?? termByTerm(graph, dim) ?? within(sources) ?? within(graph.nodes.flatMap((node) => node.outputs))
}

/** An expression such as "past + seq" whose symbols are all sizes of inputs; undefined for anything else. */
function termByTerm(graph: Graph, dim: Dim): Value | undefined {
  const terms = termsOf(dim)
  const known = (symbol: string): boolean => graph.inputs.some((input) => input.shape.includes(symbol))
  if (!terms.every(({ symbols }) => symbols.every(known))) return undefined
  const sizes = terms.map(({ coefficient, symbols }) =>
    symbols.map((symbol) => dimValue(graph, symbol)).reduce((product, size) => mul(graph, product, size), int64s(graph, [coefficient]))
  )
  return sizes.reduce((total, size) => add(graph, total, size))
}
