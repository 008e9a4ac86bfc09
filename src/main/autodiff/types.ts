/** What gradient rules and expansions are. */
import type { Graph, Node, Value } from '../graph/types'

/** Emits the gradient of one input when asked; null where none can flow (indices, conditions). */
export type Pull = (() => Value) | null

/** What a rule sees of the node it differentiates: y = op(a, b, c, ..), and dy, the gradient of the target with respect to y. */
export interface Step {
  readonly graph: Graph
  readonly node: Node
  /** The first three inputs. */
  readonly a: Value
  readonly b: Value
  readonly c: Value
  /** The first output and its gradient. */
  readonly y: Value
  readonly dy: Value
  /** Input `index`; null where it was left out. */
  input(index: number): Value | null
  /** Gradient of output `index`; null where none flows. */
  gradientOf(index: number): Value | null
}

/**
 * Gives one Pull for each input, in order. A pull emits plain nodes and may return a gradient of the broadcast shape: `gradient`
 * sums it to the input's shape. Only pulls that are needed are called.
 */
export type Rule = (step: Step) => readonly Pull[]

/** Op name -> rule. A family file exports one. */
export type Rules = Readonly<Record<string, Rule>>

/** Rewrites a composite op as simpler ones and returns what replaces its outputs; `gradient` then differentiates those. */
export interface Expansion {
  readonly op: string
  expand(graph: Graph, node: Node): readonly Value[]
}
