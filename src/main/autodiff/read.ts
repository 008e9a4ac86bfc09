/** Reading what a node was given: attributes and constant inputs. */
import { assert } from '../../shared/errors'
import { normaliseAxis } from '../graph/dims'
import type { Graph, Node, Value } from '../graph/types'

/** A numeric attribute, or `otherwise`. */
export function numberOf(node: Node, name: string, otherwise: number): number {
  const attribute = node.attributes[name]
  return attribute?.kind === 'int' || attribute?.kind === 'float' ? attribute.value : otherwise
}

/** A text attribute, or "". */
export function textOf(node: Node, name: string): string {
  const attribute = node.attributes[name]
  return attribute?.kind === 'string' ? attribute.value : ''
}

/** The `axis` attribute, counted from the start. */
export function axisOf(node: Node, x: Value): number {
  return normaliseAxis(numberOf(node, 'axis', 0), x.shape.length)
}

/** The numbers of a constant held in the graph; null for anything else. */
export function constantOf(graph: Graph, value: Value | null): number[] | null {
  const initializer = value && graph.initializers.get(value.name)
  return initializer && 'data' in initializer ? Array.from(initializer.data, Number) : null
}

/** The numbers of an input that the ops always give as a constant, such as axes. */
export function constantInput(graph: Graph, node: Node, index: number): number[] {
  const numbers = constantOf(graph, node.inputs[index] ?? null)
  assert(numbers, `input ${index} of ${node.op} ${node.outputs[0]?.name} is a constant`)
  return numbers
}
