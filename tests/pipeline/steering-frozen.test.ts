/** Frozen attention beside a plain recomputation of the whole text without caches, in which the unsteered model's patterns are put in place. */
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createModelSessions, openModel, widthOf, type ModelSessions } from '../../src/main/models'
import { f32, floatsOf, i64, openSession } from '../../src/main/runtime'
import type { Feeds, Tensor } from '../../src/main/runtime/types'
import { compareRuns } from '../../src/main/steering/compare'
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
import { logprobOf, plainLogits } from '../support/plain-chain'

/** As in steering.test.ts: sums of float32 in another order. */
const SAME = 1e-4
const TOKENS = 5
const IDS = [3, 17, 12, 8, 5, 11]
/** Both edits act on the prompt, on its end, and on what is generated. */
const HOOKS = ['blocks.0.hook_resid_post', 'blocks.1.hook_mlp_out'] as const

/** The default model; soft caps, sliding windows and grouped heads; parallel blocks. */
const FOLDERS = [
  DEFAULT_MODEL,
  ...EVERY_TINY_MODEL.filter((folder) => ['tiny-gpt2', 'tiny-gemma2', 'tiny-pythia'].includes(basename(folder)))
]

function logprobs(logits: Float32Array): number[] {
  const first = logprobOf(logits, 0) - (logits[0] ?? NaN)
  return Array.from(logits, (logit) => logit + first)
}

type Outputs = Readonly<Record<string, Tensor>>

describe.each(FOLDERS.map((folder) => ({ name: basename(folder), folder })))('frozen attention of $name', ({ folder }) => {
  let sessions: ModelSessions
  let vectors: Float32Array[]
  let directions: Direction[]
  beforeAll(async () => {
    sessions = createModelSessions(openSession, await openModel(folder), 'cpu')
    vectors = HOOKS.map((hook) => Float32Array.from({ length: widthOf(sessions.model.config, hook) }, (_, i) => Math.sin(3 * i + 1)))
    directions = HOOKS.map((hook, i) => ({
      id: hook,
      name: hook,
      hook,
      vector: vectorToText(vectors[i] ?? new Float32Array()),
      origin: 'a sine'
    }))
  })
  afterAll(() => sessions.release())

  const recipe = (name: string, interventions: Intervention[], freezeAttention: boolean): Recipe => ({
    id: name,
    name,
    interventions,
    keepError: true,
    directions,
    freezeAttention
  })
  const edit = (hook: string, more: Partial<Intervention>): Intervention => ({
    direction: hook,
    latent: 0,
    mode: 'add',
    coefficient: 1,
    positions: 'all',
    ...more
  })

  async function columnsOf(recipes: Recipe[]): Promise<ComparisonColumn[]> {
    const settings = { ...DEFAULT_GENERATION, maxTokens: TOKENS, stopAtEnd: false }
    const request = { prompt: { ids: IDS }, recipes, settings, target: null, score: true }
    return (await compareRuns({ sessions, sae: null, versions: {} }, request, quietTask(), () => undefined)).columns
  }

  /** Runs a segment without a cache on a whole text; it is fed what it takes of `feeds`. */
  async function run(
    from: string,
    to: string,
    patterns: 'out' | 'given' | undefined,
    feeds: Feeds,
    ids: readonly number[]
  ): Promise<Outputs> {
    const spec = { from, to, cache: false, ...(patterns ? { patterns } : {}) }
    const positions = i64([ids.length], [...ids.keys()])
    const all: Feeds = { ...feeds, positions, select: positions }
    const takes = sessions.layout(spec).graph.inputs.map(({ name }) => name)
    return (await sessions.segment(spec)).run(Object.fromEntries(Object.entries(all).filter(([name]) => takes.includes(name))))
  }

  /** Logits after every position where `changes` are made at the two hook points and every layer attends as `patterns` say. */
  async function frozenLogits(ids: readonly number[], changes: readonly ((values: Float32Array) => void)[]): Promise<Float32Array[]> {
    const tokens = i64([1, ids.length], ids)
    const patterns = await run('tokens', 'logits', 'out', { tokens }, ids)
    let from = 'tokens'
    let feeds: Feeds = { tokens }
    for (const [i, hook] of HOOKS.entries()) {
      const outputs = await run(from, hook, 'given', { ...patterns, ...feeds }, ids)
      const name = from === 'tokens' ? '' : '_out'
      const values = Float32Array.from(floatsOf(outputs, `hook${name}`))
      changes[i]?.(values)
      const beside = outputs[`beside${name}`]
      feeds = { hook: f32([1, ids.length, values.length / ids.length], values), ...(beside ? { beside } : {}) }
      from = hook
    }
    const logits = floatsOf(await run(from, 'logits', 'given', { ...patterns, ...feeds }, ids), 'logits')
    const size = logits.length / ids.length
    return ids.map((_, at) => logits.slice(at * size, (at + 1) * size))
  }

  /** Adds `factor` of a vector at the positions of which `acts` says so. */
  const adding =
    (vector: Float32Array | undefined, factor: number, acts: (at: number) => boolean) =>
    (values: Float32Array): void => {
      const width = vector?.length ?? 0
      values.forEach((value, i) => {
        if (acts(Math.floor(i / width))) values[i] = value + factor * (vector?.[i % width] ?? NaN)
      })
    }

  it('reads with a cache, token by token, what the whole text reads at once', async () => {
    const edits = [edit(HOOKS[0], { coefficient: 0.8 }), edit(HOOKS[1], { coefficient: -1.2, positions: 'last' })]
    // Beside a column whose attention is free, and a baseline.
    const [baseline, frozen, free] = await columnsOf([recipe('frozen', edits, true), recipe('free', edits, false)])
    const text = [...IDS, ...(frozen?.tokens.slice(0, -1).map(({ id }) => id) ?? [])]
    const logits = await frozenLogits(text, [adding(vectors[0], 0.8, () => true), adding(vectors[1], -1.2, (at) => at >= IDS.length - 1)])
    const unsteered = await plainLogits(sessions, text, [])
    frozen?.tokens.forEach(({ id, logprob }, index) => {
      const [p = [], q = []] = [logits, unsteered].map((rows) => logprobs(rows[IDS.length - 1 + index] ?? new Float32Array()))
      expect(Math.abs((p[id] ?? NaN) - logprob), `token ${index}`).toBeLessThan(SAME)
      // The second pass reads the finished text in one piece.
      const kl = p.reduce((sum, own, token) => sum + Math.exp(own) * (own - (q[token] ?? NaN)), 0)
      expect(Math.abs((frozen.scores?.kl[index] ?? NaN) - kl), `divergence at ${index}`).toBeLessThan(SAME * Math.max(1, kl))
      expect(Math.abs((frozen.scores?.baselineLogprob[index] ?? NaN) - (q[id] ?? NaN))).toBeLessThan(SAME)
    })
    expect(baseline?.promptEditSizes).toEqual(IDS.map(() => 0))
    expect(frozen?.promptEditSizes?.every((size) => size > 0)).toBe(true)
    // A token is chosen from the last position of the prompt.
    expect(frozen?.tokens[0]?.editSize).toBe(frozen?.promptEditSizes?.at(-1))
    for (const column of [baseline, free])
      expect(Math.abs((column?.tokens[0]?.logprob ?? NaN) - (frozen?.tokens[0]?.logprob ?? NaN))).toBeGreaterThan(10 * SAME)
  })

  it('waits for the probability of a token as other attention does', async () => {
    const token = sessions.model.tokenizer.token(7)
    const spread = (await plainLogits(sessions, IDS, [])).map((row) => Math.exp(logprobOf(row, 7))).sort((a, b) => a - b)
    // Between two of the prompt's probabilities, so that no rounding decides.
    const bound = ((spread[2] ?? NaN) + (spread[3] ?? NaN)) / 2
    const condition = { kind: 'probability', token, is: 'above', bound } as const
    const [, column] = await columnsOf([recipe('waits', [edit(HOOKS[0], { condition })], true)])
    const text = [...IDS, ...(column?.tokens.slice(0, -1).map(({ id }) => id) ?? [])]
    const held = (await plainLogits(sessions, text, [])).map((row) => Math.exp(logprobOf(row, 7)) > bound)
    expect(held.slice(0, IDS.length).filter(Boolean)).toHaveLength(3)
    const logits = await frozenLogits(text, [adding(vectors[0], 1, (at) => held[at] === true)])
    column?.tokens.forEach(({ id, logprob }, index) =>
      expect(Math.abs(logprobOf(logits[IDS.length - 1 + index] ?? new Float32Array(), id) - logprob), `token ${index}`).toBeLessThan(SAME)
    )
  })

  it('is the attention that a run has anyway where an edit happens to change nothing', async () => {
    const [baseline, idle] = await columnsOf([recipe('idle', [edit(HOOKS[0], { mode: 'cap', coefficient: 1e9 })], true)])
    expect(idle?.tokens.map(({ id }) => id)).toEqual(baseline?.tokens.map(({ id }) => id))
    idle?.tokens.forEach(({ logprob, editSize }, index) => {
      expect(Math.abs(logprob - (baseline?.tokens[index]?.logprob ?? NaN))).toBeLessThan(SAME)
      expect(editSize).toBe(0)
    })
  })
})
