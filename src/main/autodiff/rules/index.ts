/** The list of gradient rules. A new family is one file and one line here. */
import type { Node } from '../../graph/types'
import type { Rule, Rules } from '../types'
import { elementwise } from './elementwise'
import { indexing } from './indexing'
import { linear } from './linear'
import { network } from './network'
import { reduction } from './reduction'
import { structure } from './structure'

export const families: Readonly<Record<string, Rules>> = { elementwise, indexing, linear, network, reduction, structure }

const rules: ReadonlyMap<string, Rule> = new Map(Object.values(families).flatMap((family) => Object.entries(family)))

/** The rule of a node's op, if there is one. */
export function ruleOf(node: Node): Rule | undefined {
  return rules.get(node.op)
}
