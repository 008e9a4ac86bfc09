/** One prompt read as an attribution reads it. */
import { checkRequest, prepareAll, type AttributionRequest, type Bench, type Prepared } from '../../src/main/attribution'

export async function prepareRequest(bench: Bench, request: AttributionRequest): Promise<Prepared> {
  const [prepared] = await prepareAll(bench, [checkRequest(bench.sessions.model, request)])
  if (!prepared) throw new Error('one request is one prepared prompt')
  return prepared
}
