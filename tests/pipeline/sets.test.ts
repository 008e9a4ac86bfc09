/** Prompt sets through the engine: the same numbers as one by one, and the same bits however a run is divided. */
import { describe, expect, it } from 'vitest'
import type { EngineCalls, Event } from '../../src/shared/contract'
import { Cancelled } from '../../src/shared/errors'
import type { TargetInput } from '../../src/shared/records/ranking'
import { SetPrompt, SetSettings, type SetResult } from '../../src/shared/records/sets'
import { SHARD_COLUMNS, batchTable } from '../../src/main/sets/shards/batch-table'
import { tableBytes } from '../../src/main/tables'
import { handlerTask, openEngine } from '../support/engine'
import { GOLDEN_CASES } from '../support/golden-cases'
import { randomFrom } from '../support/random-numbers'

type SetEvent = Event<EngineCalls['sets.run']>

const CASES = ['llama-tied-f16 with sae-00', 'gpt2-prefixed'].map((name) => {
  const found = GOLDEN_CASES.find((golden) => golden.name.startsWith(name))
  if (found === undefined) throw new Error(`there is no golden case ${name}`)
  return found
})
const [LLAMA, GPT2] = CASES
if (LLAMA === undefined || GPT2 === undefined) throw new Error('there are two golden cases')

type Golden = typeof LLAMA
const d_vocab = (golden: Golden): number => golden.logits.length
const benchOf = ({ model, sae, hook }: Golden) => ({ model, sae, hook, device: 'cpu' as const })

/** Prompts of 2 to 12 tokens that begin as the golden prompt does. */
function promptsOf(golden: Golden, count: number, seed: number, counterfactual = false): SetPrompt[] {
  const random = randomFrom(seed)
  const ids = (length: number): number[] => [
    golden.ids[0] ?? 0,
    ...Array.from({ length: length - 1 }, () => 1 + random.below(d_vocab(golden) - 1))
  ]
  return Array.from({ length: count }, (_, index) => {
    const length = 2 + random.below(11)
    const other = counterfactual ? { counterfactual: { ids: ids(length) } } : {}
    return SetPrompt.parse({ id: `p${index}`, prompt: { ids: ids(length) }, ...other })
  })
}

interface Ran {
  readonly events: SetEvent[]
  readonly results: SetResult[]
}

async function run(
  golden: Golden,
  prompts: SetPrompt[],
  settings: SetSettings,
  { done = [], shard = { index: 0, of: 1 }, stopAfter = Infinity }: { done?: number[]; shard?: SetEventShard; stopAfter?: number } = {}
): Promise<Ran> {
  const engine = openEngine()
  const stop = new AbortController()
  const events: SetEvent[] = []
  const task = handlerTask<SetEvent>(stop.signal, (event) => {
    events.push(event)
    if (events.length >= stopAfter) stop.abort()
  })
  await Promise.resolve(engine['sets.run']({ ...benchOf(golden), settings, prompts, done, shard }, task)).catch((error: unknown) => {
    if (!(error instanceof Cancelled)) throw error
  })
  return { events, results: events.flatMap(({ results }) => results).sort((a, b) => a.index - b.index) }
}

interface SetEventShard {
  index: number
  of: number
}

const bytesOf = ({ events }: Pick<Ran, 'events'>): string =>
  [...events]
    .sort((a, b) => a.batch - b.batch)
    .map(({ batch, results }) => Buffer.from(tableBytes('parquet', batchTable(batch, results))).toString('base64'))
    .join('\n')

describe.each(CASES)('a set on $name', (golden) => {
  const methods = [
    { method: 'gradsae' },
    { method: 'attribution', scope: { kind: 'last' } },
    { method: 'counterfactual' },
    { method: 'integrated-gradients', steps: 4 },
    { method: 'exact' },
    { method: 'max-activation' }
  ] as const
  it.each(methods)('comes to what $method says of each prompt alone', async (switches) => {
    const settings = SetSettings.parse(switches)
    const prompts = promptsOf(golden, 12, 1, switches.method === 'counterfactual')
    const { results } = await run(golden, prompts, settings)
    expect(results.map(({ index, id }) => [index, id])).toStrictEqual(prompts.map(({ id }, index) => [index, id]))
    const engine = openEngine()
    for (const [index, { prompt, counterfactual }] of prompts.entries()) {
      const { explain: _explain, ...rest } = settings
      const alone = await engine['attribution.rank']({ ...benchOf(golden), ...rest, prompt, counterfactual, target: null }, handlerTask())
      const result = results[index]
      expect(result?.target?.id).toBe(alone.target.id)
      expect(result?.tokens).toBe(alone.tokens.length)
      // The matrices of a batch are multiplied in other blocks than those of one prompt: a few float32 roundings of sums of up to 64 terms.
      const scale = Math.max(...alone.latents.map(({ score }) => Math.abs(score)), 1e-3)
      expect(Math.abs((result?.value ?? NaN) - alone.target.value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(alone.target.value)))
      expect(Math.abs((result?.fvu ?? NaN) - alone.fvu)).toBeLessThan(1e-5 * Math.max(1, alone.fvu))
      const own = new Map(Array.from(result?.latent ?? [], (latent, at) => [latent, result?.score[at] ?? NaN]))
      expect([...own.keys()].sort((a, b) => a - b)).toStrictEqual(alone.latents.map(({ latent }) => latent).sort((a, b) => a - b))
      for (const { latent, score } of alone.latents) expect(Math.abs((own.get(latent) ?? NaN) - score)).toBeLessThan(1e-4 * scale)
      const scores = Array.from(result?.score ?? [], settings.method === 'gradsae' ? Number : Math.abs)
      if (settings.method !== 'max-activation') expect(scores).toStrictEqual([...scores].sort((a, b) => b - a))
    }
  })

  it('is the same bits as one run, as seven shards, and interrupted twice', async () => {
    const prompts = promptsOf(golden, 60, 2)
    const settings = SetSettings.parse({ method: 'gradsae' })
    const whole = await run(golden, prompts, settings)
    expect(whole.events.length).toBeGreaterThan(3)
    const shards: SetEvent[] = []
    for (const index of [4, 1, 0, 6, 2, 3, 5]) shards.push(...(await run(golden, prompts, settings, { shard: { index, of: 7 } })).events)
    expect(bytesOf({ events: shards })).toBe(bytesOf(whole))
    const pieces: SetEvent[] = []
    for (const stopAfter of [1, 2, Infinity])
      pieces.push(...(await run(golden, prompts, settings, { done: pieces.map(({ batch }) => batch), stopAfter })).events)
    expect(pieces).toHaveLength(whole.events.length)
    expect(bytesOf({ events: pieces })).toBe(bytesOf(whole))
  })
})

describe('a prompt that cannot be run', () => {
  it('has a result that says why, and the others have theirs', async () => {
    const golden = GPT2
    const fine = promptsOf(golden, 3, 3)
    const bad = (prompt: SetPrompt['prompt'], target: TargetInput = null): Partial<SetPrompt> => ({ prompt, target })
    const broken = [
      bad({ text: '' }),
      bad({ ids: [] }),
      bad({ ids: Array.from({ length: 25 }, () => 1) }),
      bad({ ids: [1, 5000] }),
      bad({ ids: [1, 2] }, { id: 5000 }),
      bad({ ids: [1, 2] }, { text: '' }),
      bad({ ids: [1, 2] }, { from: 1, to: 1 })
    ].map((own, index) => SetPrompt.parse({ id: `bad${index}`, ...own }))
    const prompts = [...fine.slice(0, 1), ...broken, ...fine.slice(1)]
    const { results } = await run(golden, prompts, SetSettings.parse({ method: 'attribution' }))
    expect(results.map(({ id, error }) => [id, error?.code ?? null])).toStrictEqual([
      ['p0', null],
      ['bad0', 'PROMPT_EMPTY'],
      ['bad1', 'PROMPT_EMPTY'],
      ['bad2', 'PROMPT_TOO_LONG'],
      ['bad3', 'TOKEN_UNKNOWN'],
      ['bad4', 'TOKEN_UNKNOWN'],
      ['bad5', 'TARGET_EMPTY'],
      ['bad6', 'TARGET_UNFIT'],
      ['p1', null],
      ['p2', null]
    ])
    expect(results[3]?.error?.message).toBe("The prompt has 25 tokens, but the model's context holds 24.")
    expect(results[1]).toMatchObject({ tokens: 0, target: null, value: 0, latent: new Int32Array(0) })
    const { results: alone } = await run(golden, fine, SetSettings.parse({ method: 'attribution' }))
    expect(results.filter(({ error }) => error === null).map(({ score }) => score)).toStrictEqual(alone.map(({ score }) => score))
  })

  it('may be every one of them', async () => {
    const prompts = ['', ''].map((text, index) => SetPrompt.parse({ id: String(index), prompt: { text } }))
    const { results, events } = await run(GPT2, prompts, SetSettings.parse({ method: 'gradsae' }))
    expect(events).toHaveLength(1)
    expect(results.map(({ error }) => error?.code)).toStrictEqual(['PROMPT_EMPTY', 'PROMPT_EMPTY'])
    const none = await openEngine()['sets.estimate'](
      { ...benchOf(GPT2), settings: SetSettings.parse({ method: 'gradsae' }), prompts },
      handlerTask()
    )
    expect(none).toStrictEqual({ seconds: 0, tried: 0 })
  })

  it('without an answer says so where answers are explained', async () => {
    const prompts = promptsOf(GPT2, 2, 4).map((prompt, index) => ({ ...prompt, target: index === 0 ? { id: 3 } : null }))
    const { results } = await run(GPT2, prompts, SetSettings.parse({ method: 'gradsae', explain: 'answer' }))
    expect(results[0]).toMatchObject({ target: { id: 3 }, error: null })
    expect(results[1]?.error).toStrictEqual({ code: 'ANSWER_MISSING', message: 'The prompt has no answer that could be explained.' })
  })
})

describe('a run', () => {
  it('says how far it is, where it comes from, and about how long it takes', async () => {
    const golden = LLAMA
    const prompts = promptsOf(golden, 30, 5)
    const settings = SetSettings.parse({ method: 'gradsae' })
    const steps: string[] = []
    const task = {
      ...handlerTask<SetEvent>(),
      progress: (stage: string, done: number, total: number) => steps.push(`${stage} ${done}/${total}`)
    }
    const { batches, provenance } = await openEngine()['sets.run'](
      { ...benchOf(golden), settings, prompts, done: [], shard: { index: 0, of: 1 } },
      task
    )
    expect(steps[0]).toBe('Reading prompts 0/30')
    expect(steps.at(-1)).toBe('Attributing prompts 30/30')
    expect(batches).toBeGreaterThan(1)
    expect(provenance).toMatchObject({ hook: golden.hook, device: { requested: 'cpu', used: 'cpu' }, preflight: null })
    const estimate = await openEngine()['sets.estimate']({ ...benchOf(golden), settings, prompts }, handlerTask())
    expect(estimate.tried).toBeGreaterThan(0)
    expect(estimate.seconds).toBeGreaterThan(0)
    expect(SHARD_COLUMNS[0]?.name).toBe('batch')
  })
})
