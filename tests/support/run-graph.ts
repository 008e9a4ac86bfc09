/** Runs a graph on the CPU and returns its outputs: the shortest way from a graph to numbers in a test. */
import type { Graph } from '../../src/main/graph/types'
import { openSession } from '../../src/main/runtime/session'
import type { Feeds, Tensor } from '../../src/main/runtime/types'

export async function runGraph(graph: Graph, feeds: Feeds, folder?: string): Promise<Record<string, Tensor>> {
  const where = folder === undefined ? {} : { folder }
  const session = await openSession(graph, { device: 'cpu', doing: `testing ${graph.name}`, ...where })
  try {
    return await session.run(feeds)
  } finally {
    await session.release()
  }
}
