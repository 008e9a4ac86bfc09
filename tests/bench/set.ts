/** Throughput of a prompt set in batches, beside the same prompts one by one, both through the engine's own calls. */
import type { EngineHandlers } from '../../src/main/engine/handlers'
import type { MethodName } from '../../src/shared/records/ranking'
import { assert } from '../../src/shared/errors'
import { median } from './measure'
import type { Subject } from './work'

const PROMPTS = 64
const TOKENS = 32
/** Rounds of which the median counts; in each both are timed, so that what else the machine does meets both. */
const ROUNDS = 3

export interface SetTimes {
  readonly method: MethodName
  readonly prompts: number
  readonly tokens: number
  /** Prompts a second, in batches and one by one. */
  readonly batched: number
  readonly single: number
}

export async function timeSet(engine: EngineHandlers, subject: Subject, method: MethodName): Promise<SetTimes> {
  const { model, sae, hook } = subject
  const bench = { model, sae, hook, device: 'cpu' as const }
  const { d_vocab } = await engine['model.open']({ model, device: 'cpu' }, quiet())
  const ids = Array.from({ length: PROMPTS }, (_, prompt) =>
    Array.from({ length: TOKENS }, (_, at) => ((prompt * TOKENS + at) * 7919) % (d_vocab - 1))
  )
  const prompts = ids.map((own, index) => ({ ...NOTHING, id: String(index), prompt: { ids: own } }))
  const settings = { method, includeSpecial: true, explain: 'greedy' as const }
  const batched = async (): Promise<void> => {
    let results = 0
    const task = {
      ...quiet(),
      emit: (event: { results: readonly { error: unknown }[] }) => (results += event.results.filter(({ error }) => error === null).length)
    }
    await engine['sets.run']({ ...bench, settings, prompts, done: [], shard: { index: 0, of: 1 } }, task)
    assert(results === PROMPTS, 'every prompt has a result')
  }
  const single = async (): Promise<void> => {
    for (const { prompt } of prompts)
      await engine['attribution.rank']({ ...bench, prompt, method, target: null, includeSpecial: true, modelTop: false }, quiet())
  }
  const times: Record<'batched' | 'single', number[]> = { batched: [], single: [] }
  for (let round = 0; round <= ROUNDS; round++) {
    const [before, middle] = [performance.now(), await batched().then(() => performance.now())]
    const after = await single().then(() => performance.now())
    // The first round loads the sessions.
    if (round === 0) continue
    times.batched.push(middle - before)
    times.single.push(after - middle)
  }
  const rate = (own: readonly number[]): number => (1000 * PROMPTS) / median(own)
  return { method, prompts: PROMPTS, tokens: TOKENS, batched: rate(times.batched), single: rate(times.single) }
}

const NOTHING = { answer: null, target: null, counterfactual: null, group: null, paraphrase: null }

function quiet(): { signal: AbortSignal; progress: () => undefined; emit: () => undefined } {
  return { signal: new AbortController().signal, progress: () => undefined, emit: () => undefined }
}
