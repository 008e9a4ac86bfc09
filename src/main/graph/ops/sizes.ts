/** Sizes as values: what a symbolic dimension is at run time. */
import { assert } from '../../../shared/errors'
import { addNode, int } from '../create'
import { normaliseAxis, termsOf } from '../dims'
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
 * The symbolic size `dim` as int64 [1], computed from the shapes of `sources`, the graph's inputs or, at last, any value made
 * so far. An expression is computed term by term.
 */
export function dimValue(graph: Graph, dim: Dim, sources: readonly Value[] = []): Value {
  if (typeof dim === 'number') return int64s(graph, [dim])
  const whole = findDim(graph, dim, sources)
  if (whole) return whole
  const terms = termsOf(dim).map(({ coefficient, symbols }) => {
    const factors = symbols.map((symbol) => {
      const found = findDim(graph, symbol, sources)
      assert(found, `some value of ${graph.name} has the size ${symbol}`)
      return found
    })
    return factors.reduce((product, factor) => mul(graph, product, factor), int64s(graph, [coefficient]))
  })
  return terms.reduce((total, term) => add(graph, total, term))
}

/** The sizes `dims` as one int64 vector. */
export function dimVector(graph: Graph, dims: readonly Dim[], sources: readonly Value[] = []): Value {
  const numbers = dims.filter((dim) => typeof dim === 'number')
  if (numbers.length === dims.length) return int64s(graph, numbers)
  const whole = sources.find((source) => source.shape.length === dims.length && source.shape.every((dim, axis) => dim === dims[axis]))
  if (whole) return shapeOf(graph, whole)
  const parts = dims.map((dim) => dimValue(graph, dim, sources))
  return parts.length === 1 && parts[0] ? parts[0] : concat(graph, parts, 0)
}

function findDim(graph: Graph, dim: Dim, sources: readonly Value[]): Value | undefined {
  const has = (value: Value): boolean => value.shape.includes(dim)
  const source = sources.find(has) ?? graph.inputs.find(has) ?? graph.nodes.flatMap((node) => node.outputs).find(has)
  return source && dimOf(graph, source, source.shape.indexOf(dim))
}
