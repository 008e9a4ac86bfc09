/** Making a graph and appending to it. Ops in `ops/` infer shapes and call `addNode`; nothing else appends nodes. */
import { assert } from '../../shared/errors'
import { canonical } from './dims'
import type { Attribute, Dim, ElementType, ExternalData, Graph, Node, TypedArray, Value } from './types'

/** An empty graph. */
export function createGraph(name: string): Graph {
  return { name, inputs: [], outputs: new Map(), nodes: [], initializers: new Map(), fresh: 0 }
}

/** Declares an input. Symbols in `shape` may be used by every later value. */
export function addInput(graph: Graph, name: string, type: ElementType, shape: readonly Dim[]): Value {
  assert(!graph.inputs.some((input) => input.name === name), `input ${name} is declared once in ${graph.name}`)
  const value = { name, type, shape: shape.map(canonical) }
  graph.inputs.push(value)
  return value
}

/** Makes `value` an output called `name`. One value may be several outputs. */
export function addOutput(graph: Graph, name: string, value: Value): void {
  assert(!graph.outputs.has(name), `output ${name} is declared once in ${graph.name}`)
  graph.outputs.set(name, value)
}

/** A value no other value of this graph is called like. */
export function freshValue(graph: Graph, hint: string, type: ElementType, shape: readonly Dim[]): Value {
  return { name: `${hint}_${graph.fresh++}`, type, shape: shape.map(canonical) }
}

/** A symbol for a size only the runtime knows, such as the number of nonzero entries. */
export function freshSymbol(graph: Graph, hint: string): string {
  return `${hint}_${graph.fresh++}`
}

/** What a new node makes. */
export interface Made {
  readonly type: ElementType
  readonly shape: readonly Dim[]
}

export interface NodeSpec {
  readonly op: string
  readonly domain?: string
  readonly inputs: readonly (Value | null)[]
  readonly attributes?: Readonly<Record<string, Attribute>>
}

/** Appends a node with one output and returns it. */
export function addNode(graph: Graph, spec: NodeSpec, made: Made): Value {
  const [value] = addNodes(graph, spec, [made])
  assert(value !== undefined, 'a node makes a value')
  return value
}

/** Appends a node with several outputs and returns them in order. */
export function addNodes(graph: Graph, spec: NodeSpec, made: readonly Made[]): Value[] {
  const outputs = made.map(({ type, shape }) => freshValue(graph, spec.op, type, shape))
  graph.nodes.push({ op: spec.op, domain: spec.domain ?? '', inputs: spec.inputs, outputs, attributes: spec.attributes ?? {} })
  return outputs
}

/** A weight that lies in a file of the folder the session is opened with (`SessionOptions.folder`). Asked twice, it is the same value. */
export function addExternal(graph: Graph, name: string, type: ElementType, shape: readonly number[], external: ExternalData): Value {
  return addInitializer(graph, { value: { name, type, shape }, external })
}

/** A constant tensor held inside the graph, row-major. Asked twice under one name, it is the same value. */
export function addConstant(graph: Graph, name: string, type: ElementType, shape: readonly number[], data: TypedArray): Value {
  return addInitializer(graph, { value: { name, type, shape }, data })
}

function addInitializer(graph: Graph, initializer: { value: Value; external: ExternalData } | { value: Value; data: TypedArray }): Value {
  const existing = graph.initializers.get(initializer.value.name)
  if (existing) return existing.value
  graph.initializers.set(initializer.value.name, initializer)
  return initializer.value
}

/** Value name -> the node that makes it. */
export function producersOf(graph: Graph): Map<string, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((value): [string, Node] => [value.name, node])))
}

export const int = (value: number): Attribute => ({ kind: 'int', value })
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value })
export const float = (value: number): Attribute => ({ kind: 'float', value })
export const text = (value: string): Attribute => ({ kind: 'string', value })
