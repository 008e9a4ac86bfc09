/** Drops what the outputs do not need. */
import { producersOf } from './create'
import type { Graph, Node } from './types'

/** The same graph with only the nodes, initializers and inputs that some output depends on. The given graph is not changed. */
export function prune(graph: Graph): Graph {
  const producers = producersOf(graph)
  const needed = new Set<string>()
  const nodes = new Set<Node>()
  const pending = [...graph.outputs.values()].map((value) => value.name)
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (needed.has(name)) continue
    needed.add(name)
    const node = producers.get(name)
    if (node === undefined || nodes.has(node)) continue
    nodes.add(node)
    for (const input of node.inputs) if (input) pending.push(input.name)
  }
  return {
    name: graph.name,
    inputs: graph.inputs.filter((input) => needed.has(input.name)),
    outputs: new Map(graph.outputs),
    nodes: graph.nodes.filter((node) => nodes.has(node)),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
    fresh: graph.fresh
  }
}
