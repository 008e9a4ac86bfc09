/**
 * Gradients of every kind of target, with and without frozen parts, against finite differences of the forward pass, all in float64.
 *
 * Frozen parts are checked independently of how the gradient leaves them out: the forward pass is taken apart, its attention patterns
 * and scales of norms are read at the point and fed back as constants, and the differences are those of what is left.
 */
import { describe, expect, it } from 'vitest'
import { buildGradientGraph, type GradientKind } from '../../../src/main/attribution/gradient-session'
import { TARGETS, targetOf } from '../../../src/main/attribution/targets'
import type { Target, Term } from '../../../src/main/attribution/types'
import { prune } from '../../../src/main/graph/prune'
import type { Graph } from '../../../src/main/graph/types'
import { positionsFrom, widthOf, type ModelSessions } from '../../../src/main/models'
import { f64, floatsOf, i64, openSession, outputOf } from '../../../src/main/runtime'
import type { Feeds, Session, Tensor } from '../../../src/main/runtime/types'
import type { Frozen, TargetInput, TargetKind } from '../../../src/shared/records/ranking'
import { holding, inDouble, withPlainNorms } from '../../support/double-graph'
import { EVERY_TINY_MODEL, readTinyGolden, TINY_MODELS } from '../../support/models'
import { randomFrom } from '../../support/random-numbers'
import { modelOpener, named, prefixRun } from '../../support/segments'

const open = modelOpener()

/**
 * Fourth-order central differences: truncation about STEP^4 = 1e-14 times a fifth derivative, which is large where the residual stream is
 * still small; rounding about 1e-16 / STEP = 3e-13 of the target. The largest disagreement seen is 3.7e-11 of the gradient's length.
 */
const STEP = 3e-4
const BOUND = 4e-10

const NOTHING: Frozen = { attention: false, norms: false }

/** What is asked of each kind: places before the last one, several terms and several places among them. */
const ASKED: Readonly<Record<TargetKind, { asked: TargetInput; position: number | null }>> = {
  probability: { asked: { id: 7 }, position: null },
  logit: { asked: { id: 9 }, position: 3 },
  'log-probability': { asked: { id: 11 }, position: null },
  'logit-difference': { asked: { plus: [{ id: 5 }, { id: 6 }], minus: [{ id: 8 }] }, position: 4 },
  continuation: { asked: { continuation: { ids: [3, 12, 5] } }, position: null },
  'cross-entropy': { asked: null, position: null }
}

interface Point {
  readonly feeds: Feeds
  readonly values: Float64Array
  readonly terms: readonly Term[]
}

/** The model's own hook values for the plan of a target, and what the gradient graph is fed with them. */
async function pointOf(sessions: ModelSessions, hook: string, target: Target, ids: readonly number[]): Promise<Point> {
  const { model } = sessions
  const { asked, position } = ASKED[target.kind]
  const plan = target.plan(model, ids, asked, position)
  const cut = await prefixRun(sessions, plan.ids, hook)
  const values = Float64Array.from(floatsOf(cut, 'hook'))
  const places = [...new Set(plan.terms.map((term) => term.position))]
  const list = (numbers: number[]): Tensor => i64([numbers.length], numbers)
  return {
    values,
    terms: plan.terms,
    feeds: {
      hook: f64([1, plan.ids.length, widthOf(model.config, hook)], values),
      ...(cut.beside ? { beside: f64([1, plan.ids.length, model.config.d_model], Float64Array.from(floatsOf(cut, 'beside'))) } : {}),
      positions: positionsFrom(0, plan.ids.length),
      select: i64([1, places.length], places),
      place: list(plan.terms.map((term) => places.indexOf(term.position))),
      target: list(plan.terms.map(({ id }) => id ?? -1)),
      weight: f64(
        [plan.terms.length],
        plan.terms.map(({ weight }) => weight)
      )
    }
  }
}

const doubles = (tensor: Tensor): Float64Array => {
  if (!(tensor.data instanceof Float64Array)) throw new Error('the graph computes in float64')
  return tensor.data
}

/** Feeds a graph what it takes of `feeds`: pruning leaves out what it does not need. */
const run = (session: Session, graph: Graph, feeds: Feeds): Promise<Record<string, Tensor>> =>
  session.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => graph.inputs.some((input) => input.name === name))))

/** Disagreement of the gradient with differences along a random direction, as a share of the gradient's length. */
async function disagreement(sessions: ModelSessions, hook: string, target: Target, kind: GradientKind): Promise<number> {
  const { folder } = sessions.model
  const { ids } = readTinyGolden(folder)
  const point = await pointOf(sessions, hook, target, ids)
  const whole = inDouble(buildGradientGraph(sessions.model, hook, kind))
  const forward = prune({ ...whole, outputs: new Map([...whole.outputs].filter(([name]) => name === 'readings')) })
  const { probe, fed, names } = holding(forward, kind.frozen)
  const opened: Session[] = []
  const start = async (graph: Graph): Promise<Session> => {
    const session = await openSession(withPlainNorms(graph), { folder, device: 'cpu', doing: 'checking a gradient' })
    opened.push(session)
    return session
  }
  try {
    const held = names.length === 0 ? {} : await run(await start(prune(probe)), prune(probe), point.feeds)
    const rest = prune(fed)
    const session = await start(rest)
    const value = async (values: Float64Array): Promise<number> => {
      const hookFeed = { hook: f64(point.feeds.hook?.dims ?? [], values) }
      const found = doubles(outputOf(await run(session, rest, { ...point.feeds, ...held, ...hookFeed }), 'readings'))
      return point.terms.reduce((sum, { weight }, term) => sum + weight * (found[term] ?? NaN), 0)
    }
    const gradient = doubles(outputOf(await run(await start(whole), whole, point.feeds), 'gradient'))
    const random = randomFrom(7)
    const direction = Float64Array.from(point.values, () => random.between(-1, 1))
    const along = (step: number): Promise<number> => value(point.values.map((v, i) => v + step * (direction[i] ?? 0)))
    const near = (await along(STEP)) - (await along(-STEP))
    const far = (await along(2 * STEP)) - (await along(-2 * STEP))
    const numerical = (8 * near - far) / (12 * STEP)
    const exact = gradient.reduce((sum, slope, i) => sum + slope * (direction[i] ?? NaN), 0)
    return Math.abs(exact - numerical) / Math.hypot(...gradient)
  } finally {
    for (const session of opened) await session.release()
  }
}

describe.each(named(TINY_MODELS))('through %s', (_, folder) => {
  it.each(TARGETS.map((target) => [target.kind, target] as const))(
    'the gradient of a %s is what differences measure',
    async (_kind, target) => {
      const sessions = await open(folder)
      const kind = { reading: target.reading, frozen: NOTHING, direct: false }
      const found = await disagreement(sessions, 'blocks.0.hook_resid_post', target, kind)
      expect(found).toBeLessThan(BOUND)
    }
  )
})

/** What is frozen, and where and of what the gradient is taken meanwhile. */
const FROZEN: readonly [string, Frozen, string, TargetKind][] = [
  ['attention patterns', { attention: true, norms: false }, 'blocks.0.hook_resid_post', 'log-probability'],
  ['scales of norms', { attention: false, norms: true }, 'blocks.0.hook_mlp_out', 'logit-difference'],
  ['both', { attention: true, norms: true }, 'blocks.0.hook_resid_pre', 'cross-entropy']
]

describe.each(named(EVERY_TINY_MODEL))('with parts of %s frozen', (_, folder) => {
  it.each(FROZEN)('the gradient is that of a forward pass in which %s are constants', async (_name, frozen, hook, kind) => {
    const target = targetOf(kind)
    const found = await disagreement(await open(folder), hook, target, { reading: target.reading, frozen, direct: false })
    expect(found).toBeLessThan(BOUND)
  })
})
