/** Opened benches for tests, released when the tests of the calling file are over. */
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openBench, type Bench } from '../../src/main/attribution'
import { createModelSessions, openModel, type ModelSessions } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'
import { createEncoder, openSae, type Encoder } from '../../src/main/saes'
import { DEFAULT_MODEL } from './models'

export const DEFAULT_SAES = join(DEFAULT_MODEL, '../saes')
export const DEFAULT_SAE = join(DEFAULT_SAES, 'blocks.3.hook_resid_post-topk-2048')

const models = new Map<string, Promise<ModelSessions>>()
const benches = new Map<string, Bench>()
const encoders: Encoder[] = []

/** Benches on one model share its sessions, and at one hook point their backward passes too. */
export async function openTestBench(model: string, saeFolder: string, hook: string | null = null): Promise<Bench> {
  const opening = models.get(model) ?? openModel(model).then((opened) => createModelSessions(openSession, opened, 'cpu'))
  models.set(model, opening)
  const encoder = await createEncoder(openSession, await openSae(saeFolder), 'cpu')
  encoders.push(encoder)
  const bench = openBench({ openSession, sessions: await opening, encoder, hook, versions: { workbench: 'test' } })
  const known = benches.get(`${model} ${bench.hook} ${bench.reads}`)
  if (known) return { ...known, encoder }
  benches.set(`${model} ${bench.hook} ${bench.reads}`, bench)
  return bench
}

afterAll(async () => {
  for (const bench of benches.values()) await bench.release()
  for (const encoder of encoders) await encoder.release()
  for (const opening of models.values()) await (await opening).release()
})
