/** The suffix with its backward pass: batches against single runs, padding, greedy tokens, and the direct path against its formula. */
import { afterAll, describe, expect, it } from 'vitest'
import {
  createGradientSession,
  type GradientKind,
  type GradientRun,
  type GradientSession
} from '../../../src/main/attribution/gradient-session'
import type { Term } from '../../../src/main/attribution/types'
import { readingOf } from '../../../src/main/attribution/value'
import { addExternal, addOutput, createGraph } from '../../../src/main/graph/create'
import * as op from '../../../src/main/graph/ops'
import { forwardResid, widthOf, type ModelSessions } from '../../../src/main/models'
import type { Model } from '../../../src/main/models/types'
import { floatsOf, openSession } from '../../../src/main/runtime'
import { failureOf } from '../../support/failing'
import { EVERY_TINY_MODEL, largestGap, readTinyGolden, TINY_MODELS } from '../../support/models'
import { randomFrom } from '../../support/random-numbers'
import { runGraph } from '../../support/run-graph'
import { modelOpener, named, prefixRun } from '../../support/segments'

const open = modelOpener()
const loaded: GradientSession[] = []
afterAll(async () => {
  for (const session of loaded) await session.release()
})

const PLAIN: GradientKind = { reading: 'log-probability', frozen: { attention: false, norms: false }, direct: false }

async function load(model: Model, hook: string, kind: Partial<GradientKind> = {}): Promise<GradientSession> {
  const session = await createGradientSession(openSession, model, hook, { ...PLAIN, ...kind }, 'cpu')
  loaded.push(session)
  return session
}

/** One prompt of a batch: its hook values and what is read of it. */
interface Prompt {
  readonly length: number
  readonly values: Float32Array
  readonly beside: Float32Array | null
  readonly terms: readonly Term[]
}

async function promptOf(sessions: ModelSessions, hook: string, ids: readonly number[], terms: readonly Term[]): Promise<Prompt> {
  const cut = await prefixRun(sessions, ids, hook)
  return { length: ids.length, values: floatsOf(cut, 'hook'), beside: cut.beside ? floatsOf(cut, 'beside') : null, terms }
}

/** Runs prompts as the rows of one batch; `filler` gives the numbers that pad them. */
async function runTogether(session: GradientSession, prompts: readonly Prompt[], filler: () => number): Promise<GradientRun> {
  const positions = Math.max(...prompts.map(({ length }) => length))
  const pad = (of: (prompt: Prompt) => Float32Array): Float32Array =>
    Float32Array.from(prompts.flatMap((prompt) => [...of(prompt), ...Array.from({ length: missing(prompt, of(prompt)) }, filler)]))
  const missing = ({ length }: Prompt, numbers: Float32Array): number => (numbers.length / length) * (positions - length)
  return session.run({
    batch: prompts.length,
    positions,
    values: pad(({ values }) => values),
    beside: prompts.every(({ beside }) => beside) ? pad(({ beside }) => beside ?? new Float32Array()) : null,
    terms: prompts.flatMap(({ terms }, row) => terms.map((term) => ({ ...term, row })))
  })
}

const zero = (): number => 0

/** Prompts of different lengths, with different numbers of terms at different places: greedy ones, several at one place, none at all. */
async function raggedPrompts(sessions: ModelSessions, hook: string): Promise<Prompt[]> {
  const { ids } = readTinyGolden(sessions.model.folder)
  const half = Math.ceil(ids.length / 2)
  return [
    await promptOf(sessions, hook, ids.slice(0, half), [{ position: half - 1, id: 7, weight: 1 }]),
    await promptOf(sessions, hook, ids, [
      { position: 2, id: null, weight: 0.5 },
      { position: ids.length - 1, id: 5, weight: -1 },
      { position: 2, id: 9, weight: 2 }
    ]),
    await promptOf(sessions, hook, ids.slice(2), []),
    await promptOf(sessions, hook, ids.slice(1, 2), [{ position: 0, id: null, weight: 1 }])
  ]
}

/**
 * float32 kernels sum in another order for another batch size. Share of the largest entry; the largest difference seen is 1.5e-6.
 */
const BATCH_BOUND = 1e-5
/** Readings are log-probabilities of logits up to 15, whose float32 spacing is 1e-6. */
const READING_BOUND = 1e-5

/** On the residual stream and off it, with blocks behind it and without. */
const HOOKS = ['blocks.0.hook_resid_post', 'blocks.0.hook_mlp_out', 'blocks.1.attn.hook_z', 'blocks.2.hook_resid_post']

describe.each(named(EVERY_TINY_MODEL))('several prompts at once through %s', (_, folder) => {
  it.each(TINY_MODELS.includes(folder) ? HOOKS : HOOKS.slice(1, 2))(
    'are each as they are alone, whatever pads them, at %s',
    async (hook) => {
      const sessions = await open(folder)
      const width = widthOf(sessions.model.config, hook)
      const session = await load(sessions.model, hook)
      const prompts = await raggedPrompts(sessions, hook)
      const random = randomFrom(3)
      const together = await runTogether(session, prompts, () => random.between(-5, 5))
      expect((await runTogether(session, prompts, zero)).gradient).toEqual(together.gradient)
      const stride = together.gradient.length / prompts.length
      let term = 0
      for (const [row, prompt] of prompts.entries()) {
        const own = together.gradient.subarray(row * stride, (row + 1) * stride)
        expect(own.subarray(prompt.length * width).every((slope) => slope === 0)).toBe(true)
        if (prompt.terms.length === 0) {
          expect(own.every((slope) => slope === 0)).toBe(true)
          continue
        }
        const alone = await runTogether(session, [prompt], zero)
        const size = Math.max(...alone.gradient.map(Math.abs))
        expect(size).toBeGreaterThan(0)
        expect(largestGap(own.subarray(0, prompt.length * width), alone.gradient)).toBeLessThan(BATCH_BOUND * size)
        expect(together.ids.slice(term, term + prompt.terms.length)).toEqual(alone.ids)
        expect(largestGap(together.readings.slice(term, (term += prompt.terms.length)), alone.readings)).toBeLessThan(READING_BOUND)
      }
      expect(term).toBe(together.ids.length)
    }
  )
})

it('a term without a token takes the greedy one at its place, and says what it is and what it reads', async () => {
  const [folder = ''] = EVERY_TINY_MODEL
  const sessions = await open(folder)
  const hook = 'blocks.0.hook_resid_post'
  const prompts = await raggedPrompts(sessions, hook)
  for (const reading of ['probability', 'logit', 'log-probability'] as const) {
    const run = await runTogether(await load(sessions.model, hook, { reading }), prompts, zero)
    const terms = prompts.flatMap((prompt) => prompt.terms)
    for (const [index, { id }] of terms.entries()) {
      const logits = run.logits[index] ?? new Float32Array()
      expect(logits).toHaveLength(sessions.model.config.d_vocab)
      expect(run.ids[index]).toBe(id ?? logits.indexOf(Math.max(...logits)))
      expect(Math.abs((run.readings[index] ?? NaN) - readingOf(reading, logits, run.ids[index] ?? -1))).toBeLessThan(READING_BOUND)
    }
    // Two terms of one place share its logits: nothing is copied.
    expect(run.logits[1]).toEqual(run.logits[3])
    expect(run.logits[1]?.byteOffset).toBe(run.logits[3]?.byteOffset)
  }
})

async function weightOf(model: Model, name: string): Promise<Float32Array> {
  const ref = model.weights.get(name)
  if (!ref) throw new Error(`${model.name} has a weight ${name}`)
  const graph = createGraph('one weight')
  addOutput(graph, 'weight', op.cast(graph, addExternal(graph, ref.name, ref.type, ref.shape, ref), 'float32'))
  return floatsOf(await runGraph(graph, {}, model.folder), 'weight')
}

const mean = (numbers: Float32Array | number[]): number => Array.from(numbers).reduce((sum, number) => sum + number, 0) / numbers.length
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, number, index) => sum + number * (b[index] ?? NaN), 0)

/** ((row - mean(row) where the norm centres) gamma / s) . W_U[id], times the soft cap's slope: methods.md 5.2, in float64. */
async function directEffect(model: Model, resid: Float32Array, row: readonly number[], id: number): Promise<number> {
  const { architecture, config, rawConfig } = model
  const { unembed, gain, centre, plusOne } = architecture.lens(config, rawConfig)
  const cap = architecture.logitCap?.(config, rawConfig) ?? null
  // Files of Gemma 3 may leave it out.
  const epsilon = Number(/"(?:layer_norm_epsilon|layer_norm_eps|rms_norm_eps)":([^,}]+)/.exec(JSON.stringify(rawConfig))?.[1] ?? 1e-6)
  const gamma = [...(await weightOf(model, gain))].map((weight) => (plusOne ? weight + 1 : weight))
  const read = (await weightOf(model, unembed)).subarray(id * config.d_model, (id + 1) * config.d_model)
  const centred = [...resid].map((value) => (centre ? value - mean(resid) : value))
  const s = Math.sqrt(mean(centred.map((value) => value * value)) + epsilon)
  const through = (x: readonly number[]): number =>
    dot(
      x.map((value, i) => (value * (gamma[i] ?? NaN)) / s),
      read
    )
  const bias = centre ? await weightOf(model, gain.replace(/weight$/, 'bias')) : null
  const uncapped = through(centred) + (bias ? dot(bias, read) : 0)
  const slope = cap === null ? 1 : 1 - Math.tanh(uncapped / cap) ** 2
  const average = centre ? mean([...row]) : 0
  return slope * through(row.map((value) => value - average))
}

describe.each(named(EVERY_TINY_MODEL))('the direct path of %s', (_, folder) => {
  it('is the decoder row through the final norm with its scale as it is, and nothing else', async () => {
    const sessions = await open(folder)
    const { model } = sessions
    const { ids } = readTinyGolden(folder)
    const { d_model, n_layers } = model.config
    const last = ids.length - 1
    const final = await forwardResid(sessions, ids, `blocks.${n_layers - 1}.hook_resid_post`)
    const terms = [
      { position: last, id: 7, weight: 1 },
      { position: last, id: 9, weight: -0.5 },
      { position: 2, id: 4, weight: 2 }
    ]
    const random = randomFrom(5)
    const row = Array.from({ length: d_model }, () => random.between(-1, 1))
    const points = ['blocks.0.hook_resid_pre', 'blocks.1.hook_attn_out', 'blocks.1.hook_mlp_out']
    for (const hook of points) {
      const session = await load(model, hook, { reading: 'logit', direct: true })
      const { gradient } = await runTogether(session, [await promptOf(sessions, hook, ids, terms)], zero)
      for (const position of [last, 2]) {
        let expected = 0
        for (const { id, weight } of terms.filter((term) => term.position === position))
          expected += weight * (await directEffect(model, final.data.subarray(position * d_model, (position + 1) * d_model), row, id))
        const found = dot(row, gradient.subarray(position * d_model, (position + 1) * d_model))
        // float32 sums over at most 32 products of numbers near 1, against float64.
        expect(Math.abs(found - expected), `${hook} at ${position}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)))
      }
      const elsewhere = gradient.filter((_slope, i) => ![last, 2].includes(Math.floor(i / d_model)))
      expect(elsewhere.every((slope) => slope === 0)).toBe(true)
    }
  })
})

it('there is no direct path from where nothing is added to the residual stream', async () => {
  const [folder = ''] = EVERY_TINY_MODEL
  const { model } = await open(folder)
  for (const hook of ['blocks.1.attn.hook_z', 'blocks.1.mlp.hook_post'])
    expect(await failureOf(() => load(model, hook, { direct: true }))).toBe(
      `There is no direct path from ${hook} to the logits: what stands there is not added to the residual stream as it is. Use an SAE of the residual stream, hook_attn_out or hook_mlp_out for direct logit attribution, or another method.`
    )
})
