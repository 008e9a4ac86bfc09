/** The list of gradient rules. A new family is one file and one line here. */
import type { Node } from '../../graph/types'
import type { Rule, Rules } from '../types'
import { elementwise } from './elementwise'
import { indexing } from './indexing'
import { linear } from './linear'
import { frozenNorms, network } from './network'
import { reduction } from './reduction'
import { structure } from './structure'

export const families: Readonly<Record<string, Rules>> = { elementwise, indexing, linear, network, reduction, structure }

const rules: ReadonlyMap<string, Rule> = new Map(Object.values(families).flatMap((family) => Object.entries(family)))

/** The rule of a node's op, if there is one; with frozen norms, the one that holds their scales as they are. */
export function ruleOf(node: Node, frozen = false): Rule | undefined {
  return (frozen ? frozenNorms[node.op] : undefined) ?? rules.get(node.op)
}
