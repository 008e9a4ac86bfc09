/** Weights whose file does not hold the bytes as the runtime needs them (compressed, transposed): they are read into memory first. */
import { assert, fail } from '../../shared/errors'
import type { Graph, Initializer } from '../graph/types'

/**
 * They travel inside the model's own bytes, of which the runtime reads less than 2 GiB. It can be handed files in memory as well, but
 * then looks for all weights there and none on disk (measured with 1.30).
 */
const LIMIT = 1.5 * 2 ** 30

/**
 * The graph with such weights held inside it, read one after the other. `limit` is in bytes.
 * @throws WEIGHTS_NOT_IN_PLACE, and what reading them may throw
 */
export async function loadWeights(graph: Graph, limit = LIMIT): Promise<Graph> {
  const waiting = [...graph.initializers].flatMap(([name, initializer]) => {
    const load = 'external' in initializer ? initializer.external.load : undefined
    return load && 'external' in initializer ? [{ name, value: initializer.value, external: initializer.external, load }] : []
  })
  const [first] = waiting
  if (first === undefined) return graph
  const bytes = waiting.reduce((sum, { external }) => sum + external.length, 0)
  if (bytes > limit) fail('WEIGHTS_NOT_IN_PLACE', { file: first.external.file, bytes, limit })
  const initializers = new Map<string, Initializer>(graph.initializers)
  for (const { name, value, external, load } of waiting) {
    const data = await load()
    assert(data.byteLength === external.length, `${name} has ${external.length} bytes`)
    initializers.set(name, { value, data })
  }
  return { ...graph, initializers }
}
