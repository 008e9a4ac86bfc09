/** The list of expansions. A new one is one file and one line here. */
import type { Node } from '../../graph/types'
import type { Expansion } from '../types'
import { reduceMin } from './reduce-min'

export const expansions: readonly Expansion[] = [reduceMin]

/** The expansion of a node's op, if there is one. */
export function expansionOf(node: Node): Expansion | undefined {
  return expansions.find((expansion) => expansion.op === node.op)
}
