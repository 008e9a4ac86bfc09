/** Opened benches for tests, released after the test file. */
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openBench, type Bench } from '../../src/main/attribution'
import { createModelSessions, openModel } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'
import { createEncoder, openSae } from '../../src/main/saes'
import { DEFAULT_MODEL } from './models'

export const DEFAULT_SAES = join(DEFAULT_MODEL, '../saes')
export const DEFAULT_SAE = join(DEFAULT_SAES, 'blocks.3.hook_resid_post-topk-2048')

/** Runs once when the tests of the calling file are over. */
export async function openTestBench(model: string, sae: string, hook: string | null = null): Promise<Bench> {
  const sessions = createModelSessions(openSession, await openModel(model), 'cpu')
  const encoder = await createEncoder(openSession, await openSae(sae), 'cpu')
  const bench = openBench({ openSession, sessions, encoder, hook, versions: { workbench: 'test' } })
  opened.push(bench)
  return bench
}

const opened: Bench[] = []

afterAll(async () => {
  for (const bench of opened.splice(0)) {
    await bench.release()
    await bench.encoder.release()
    await bench.sessions.release()
  }
})
