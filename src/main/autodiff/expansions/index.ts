/** The list of expansions. A new one is one file and one line here. */
import type { Node } from '../../graph/types'
import type { Expansion } from '../types'
import { gelu } from './gelu'
import { reduceMin } from './reduce-min'

export const expansions: readonly Expansion[] = [gelu, reduceMin]

/** The expansion of a node's op, if there is one. */
export function expansionOf(node: Node): Expansion | undefined {
  return expansions.find((expansion) => expansion.op === node.op)
}
