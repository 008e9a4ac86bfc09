/** Recipes over several hook points, with conditions and frozen attention, beside a plain recomputation of the whole text without caches. */
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGradientSession } from '../../src/main/attribution/gradient-session'
import { createModelSessions, forwardResid, openModel, promptIds, widthOf, type ModelSessions } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'
import { createEncoder, openSae, type Encoder } from '../../src/main/saes'
import { randomStream } from '../../src/main/statistics/random'
import { compareRuns, type SteeringBench } from '../../src/main/steering/compare'
import { openSteering } from '../../src/main/steering/open'
import { readColumns, startReading } from '../../src/main/steering/read'
import { vectorToText } from '../../src/main/steering/vector-text'
import {
  DEFAULT_GENERATION,
  type ComparisonColumn,
  type Direction,
  type Intervention,
  type Recipe
} from '../../src/shared/records/steering'
import { quietTask } from '../../src/shared/task'
import { DEFAULT_MODEL, EVERY_TINY_MODEL } from '../support/models'
import { logprobOf, plainLogits, type Change } from '../support/plain-chain'

/** As in steering.test.ts: sums of float32 in another order. */
const SAME = 1e-4
const TOKENS = 5

async function run(bench: SteeringBench, ids: readonly number[], recipes: Recipe[], watch: number[] = []): Promise<ComparisonColumn[]> {
  const settings = { ...DEFAULT_GENERATION, maxTokens: TOKENS, stopAtEnd: false }
  const request = { prompt: { ids: [...ids] }, recipes, settings, target: null, watch, score: true }
  return (await compareRuns(bench, request, quietTask(), () => undefined)).columns
}

/** Each token's log-probability as the plain chain has it on the text before it. */
async function expectPlain(
  sessions: ModelSessions,
  ids: readonly number[],
  column: ComparisonColumn | undefined,
  changes: readonly Change[]
): Promise<void> {
  const tokens = column?.tokens ?? []
  const text = [...ids, ...tokens.slice(0, -1).map(({ id }) => id)]
  const logits = await plainLogits(sessions, text, changes)
  expect(tokens).toHaveLength(TOKENS)
  tokens.forEach(({ id, logprob }, index) => {
    const own = logits[ids.length - 1 + index] ?? new Float32Array()
    expect(Math.abs(logprobOf(own, id) - logprob), `token ${index} of ${column?.recipe?.name}`).toBeLessThan(SAME)
    expect(own.indexOf(Math.max(...own))).toBe(id)
  })
}

describe.each(EVERY_TINY_MODEL.map((folder) => ({ name: basename(folder), folder })))(
  'directions at three hook points of $name',
  ({ folder }) => {
    let sessions: ModelSessions
    const ids = [3, 17, 42, 8, 25, 11]
    beforeAll(async () => {
      sessions = createModelSessions(openSession, await openModel(folder), 'cpu')
    })
    afterAll(() => sessions.release())

    it('are added where they belong, on and off the residual stream, whatever the order of the list', async () => {
      const random = randomStream(5)
      const hooks = ['blocks.0.hook_attn_out', 'blocks.0.hook_mlp_out', 'blocks.1.hook_resid_pre']
      const directions = hooks.map((hook): Direction & { numbers: Float32Array } => {
        const numbers = Float32Array.from({ length: widthOf(sessions.model.config, hook) }, () => 2 * random() - 1)
        return { id: hook, name: hook, hook, vector: vectorToText(numbers), origin: 'random', numbers }
      })
      const interventions = hooks.map((hook): Intervention => ({
        latent: 0,
        direction: hook,
        mode: 'add',
        coefficient: 1.5,
        positions: 'all'
      }))
      const recipe = { id: 'r', name: 'three', interventions: interventions.reverse(), keepError: true, directions }
      const columns = await run({ sessions, sae: null, versions: {} }, ids, [recipe])
      const changes = directions.map(({ hook, numbers }) => ({
        hook,
        change: (values: Float32Array, width: number): void =>
          values.forEach((_, i) => (values[i] = (values[i] ?? 0) + 1.5 * (numbers[i % width] ?? 0)))
      }))
      await expectPlain(sessions, ids, columns[1], changes)
      await expectPlain(sessions, ids, columns[0], [])
      expect(columns[1]?.tokens[0]?.logprob).not.toBe(columns[0]?.tokens[0]?.logprob)
      expect(columns[1]?.tokens.every(({ editSize }) => (editSize ?? 0) > 0)).toBe(true)
    })
  }
)

describe('two SAEs of the default model', () => {
  let sessions: ModelSessions
  let first: Encoder
  let second: Encoder
  let bench: SteeringBench
  let ids: number[]
  const hooks = ['blocks.1.hook_resid_post', 'blocks.3.hook_resid_post'] as const

  beforeAll(async () => {
    sessions = createModelSessions(openSession, await openModel(DEFAULT_MODEL), 'cpu')
    const open = async (hook: string): Promise<Encoder> =>
      createEncoder(openSession, await openSae(`${DEFAULT_MODEL}/../saes/${hook}-topk-2048`), 'cpu')
    ;[first, second] = [await open(hooks[0]), await open(hooks[1])]
    const at = (encoder: Encoder, hook: string) => ({ encoder, hook, reads: hook })
    bench = { sessions, sae: at(second, hooks[1]), others: new Map([[first.sae.hash, at(first, hooks[0])]]), versions: {} }
    ids = promptIds(sessions.model, { text: 'Once upon a time there was a girl named Lily. She was very' })
  })
  afterAll(async () => {
    await sessions.release()
    await first.release()
    await second.release()
  })

  /** The latent with the largest activation at the last position, and its decoder row. */
  async function strongest(encoder: Encoder, hook: string): Promise<{ latent: number; activation: number; row: Float32Array }> {
    const resid = await forwardResid(sessions, ids, hook)
    const { latents, Z, rows, d_out } = await encoder.encode(resid.data, ids.length)
    const last = Z.subarray((ids.length - 1) * latents.length)
    const u = last.indexOf(Math.max(...last))
    return { latent: latents[u] ?? -1, activation: last[u] ?? NaN, row: rows.slice(u * d_out, (u + 1) * d_out) }
  }

  const named = (interventions: Intervention[], more: Partial<Recipe> = {}): Recipe => ({
    id: 'r',
    name: 'r',
    interventions,
    keepError: true,
    saes: [{ name: 'first', path: '', hash: first.sae.hash, hook: null, reading: {} }],
    ...more
  })
  const add = (values: Float32Array, at: number, row: Float32Array, factor: number): void => {
    for (let i = 0; i < row.length; i++) values[at * row.length + i] = (values[at * row.length + i] ?? 0) + factor * (row[i] ?? 0)
  }

  it('are edited together, the second seeing what the first has changed, where a condition holds', async () => {
    const a = await strongest(first, hooks[0])
    const b = await strongest(second, hooks[1])
    const condition = { kind: 'activation', sae: first.sae.hash, latent: a.latent, is: 'above', bound: a.activation / 2 } as const
    const recipe = named([
      { sae: first.sae.hash, latent: a.latent, mode: 'scale', coefficient: 3, positions: 'all' },
      { latent: b.latent, mode: 'ablate', coefficient: 0, positions: 'all' },
      { latent: b.latent, mode: 'add', coefficient: 20, positions: 'all', condition }
    ])
    const columns = await run(bench, ids, [recipe])
    let held: boolean[] = []
    const changes: Change[] = [
      {
        hook: hooks[0],
        async change(values, width) {
          const count = values.length / width
          const { latents, Z } = await first.encode(Float32Array.from(values), count)
          const u = latents.indexOf(a.latent)
          const activation = (at: number): number => (u < 0 ? 0 : (Z[at * latents.length + u] ?? 0))
          held = Array.from({ length: count }, (_, at) => activation(at) > a.activation / 2)
          for (let at = 0; at < count; at++) add(values, at, a.row, 2 * activation(at))
        }
      },
      {
        hook: hooks[1],
        async change(values, width) {
          const count = values.length / width
          const { latents, Z } = await second.encode(Float32Array.from(values), count)
          const u = latents.indexOf(b.latent)
          for (let at = 0; at < count; at++) add(values, at, b.row, (held[at] ? 20 : 0) - (u < 0 ? 0 : (Z[at * latents.length + u] ?? 0)))
        }
      }
    ]
    await expectPlain(sessions, ids, columns[1], changes)
    expect(held).toContain(true)
    expect(held).toContain(false)
  })

  it('wait for a probability of the unsteered model on the same text', async () => {
    const b = await strongest(second, hooks[1])
    const unsteered = await plainLogits(sessions, ids, [])
    const best = unsteered.at(-1)?.indexOf(Math.max(...(unsteered.at(-1) ?? []))) ?? -1
    const bound = Math.exp(logprobOf(unsteered.at(-1) ?? new Float32Array(), best)) / 2
    const token = sessions.model.tokenizer.token(best)
    const condition = { kind: 'probability', token, is: 'above', bound } as const
    const recipe = named([{ latent: b.latent, mode: 'add', coefficient: 15, positions: 'all', condition }])
    // Beside a column of another kind, so that two groups are read.
    const columns = await run(bench, ids, [named([{ latent: b.latent, mode: 'ablate', coefficient: 0, positions: 'all' }]), recipe], [best])
    const column = columns[2]
    const text = [...ids, ...(column?.tokens.slice(0, -1).map(({ id }) => id) ?? [])]
    const held = (await plainLogits(sessions, text, [])).map((logits) => Math.exp(logprobOf(logits, best)) > bound)
    const change = (values: Float32Array, width: number): void => {
      for (let at = 0; at < values.length / width; at++) if (held[at]) add(values, at, b.row, 15)
    }
    await expectPlain(sessions, ids, column, [{ hook: hooks[1], change }])
    expect(held).toContain(false)
    expect(column?.tokens[0]?.watched).toHaveLength(1)
  })

  it('cannot wait for what comes after them', async () => {
    const late: Intervention = {
      sae: first.sae.hash,
      latent: 1,
      mode: 'add',
      coefficient: 1,
      positions: 'all',
      condition: { kind: 'activation', latent: 2, is: 'above', bound: 0 }
    }
    await expect(run(bench, ids, [named([late])])).rejects.toThrow(`its condition is read at ${hooks[1]}, which comes after ${hooks[0]}`)
  })

  it('attention that is frozen moves the output as the gradient that does not go through it says', async () => {
    const hook = hooks[0]
    const a = await strongest(first, hook)
    const [position, target] = [ids.length - 4, 5]
    const resid = await forwardResid(sessions, ids, hook)
    const kind = { reading: 'logit', frozen: { attention: true, norms: false }, direct: false } as const
    const slopeOf = async (id: number): Promise<number> => {
      const session = await createGradientSession(openSession, sessions.model, hook, kind, 'cpu')
      const terms = [{ row: 0, position: ids.length - 1, id, weight: 1 }]
      const { gradient } = await session.run({ batch: 1, positions: ids.length, values: resid.data, beside: null, terms })
      await session.release()
      return a.row.reduce((sum, number, i) => sum + number * (gradient[position * a.row.length + i] ?? NaN), 0)
    }
    // Log-probabilities of two tokens differ as their logits do.
    const moved = async (coefficient: number, freezeAttention: boolean): Promise<number> => {
      const edit: Intervention = {
        sae: first.sae.hash,
        latent: a.latent,
        mode: 'add',
        coefficient,
        positions: 'range',
        range: [position, position]
      }
      const columns = await run(bench, ids, [named([edit], { freezeAttention })], [target])
      const token = columns[1]?.tokens[0]
      return Math.log(token?.watched?.[0] ?? NaN) - (token?.logprob ?? NaN)
    }
    const other = (await run(bench, ids, []))[0]?.tokens[0]?.id ?? -1
    const slope = (await slopeOf(target)) - (await slopeOf(other))
    const step = 0.05 * a.activation
    const central = ((await moved(step, true)) - (await moved(-step, true))) / (2 * step)
    // Central differences leave an error of the order of step squared; at a step of a twentieth that is below one in a hundred here.
    expect(Math.abs(central - slope)).toBeLessThan(0.02 * Math.abs(slope) + 1e-4)
    const free = ((await moved(step, false)) - (await moved(-step, false))) / (2 * step)
    expect(Math.abs(free - slope)).toBeGreaterThan(0.05 * Math.abs(slope))
  })

  it('attention that is frozen gives with a cache what reading the whole text at once gives', async () => {
    const a = await strongest(first, hooks[0])
    const edit: Intervention = { sae: first.sae.hash, latent: a.latent, mode: 'add', coefficient: a.activation, positions: 'all' }
    const recipe = named([edit], { freezeAttention: true })
    const [, frozen, free] = await run(bench, ids, [recipe, named([edit])])
    const tokens = frozen?.tokens ?? []
    expect(tokens.map(({ logprob }) => logprob)).not.toEqual(free?.tokens.map(({ logprob }) => logprob))
    const steering = await openSteering(bench, [recipe])
    const text = [...ids, ...tokens.slice(0, -1).map(({ id }) => id)]
    const select = tokens.map((_, index) => ids.length - 1 + index)
    const { logits } = await readColumns(startReading(steering, [recipe]), { text: [text], promptLength: ids.length, select })
    const size = logits.data.length / tokens.length
    tokens.forEach(({ id, logprob }, index) => {
      expect(Math.abs(logprobOf(logits.data.subarray(index * size, (index + 1) * size), id) - logprob)).toBeLessThan(SAME)
    })
  })
})
