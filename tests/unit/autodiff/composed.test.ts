import { expect, test } from 'vitest'
import * as op from '../../../src/main/graph/ops'
import type { Graph, Value } from '../../../src/main/graph/types'
import { gradientError, type Input, TOLERANCE } from '../../support/gradient-check'
import { type Random, randomFrom } from '../../support/random-numbers'

/** Shapes that broadcast, multiply and reduce into each other. "n" is 2 at run time. */
const INPUTS: readonly Input[] = [
  { dims: [2, 3], shape: ['n', 3] },
  { dims: [3] },
  { dims: [1, 3] },
  { dims: [3, 4] },
  { dims: [2, 3, 4], shape: ['n', 3, 4] },
  { dims: [] }
]
const DEPTH = 8

type Step = (graph: Graph, random: Random, x: Value, pool: readonly Value[]) => Value | null

/** Smooth ops only, and everything stays near 1 in size, so finite differences are exact enough. */
const steps: readonly Step[] = [
  (g, random, x) => random.pick([op.tanh, op.sigmoid, op.sin, op.cos, op.neg, op.silu])(g, x),
  (g, random, x) => op.gelu(g, x, random.pick(['exact', 'tanh'] as const)),
  (g, _, x) => op.exp(g, op.tanh(g, x)),
  (g, _, x) => op.log(g, op.add(g, op.mul(g, x, x), number(g, 1))),
  (g, _, x) => op.sqrt(g, op.add(g, op.exp(g, op.tanh(g, x)), number(g, 1))),
  (g, random, x, pool) => binary(random.pick([op.add, op.sub, op.mul]))(g, random, x, pool),
  (g, random, x, pool) => binary(random.pick([op.add, op.mul]))(g, random, x, pool),
  (g, random, x, pool) =>
    binary((graph, a, b) => op.div(graph, a, op.add(graph, op.sigmoid(graph, b), number(graph, 0.5))))(g, random, x, pool),
  (g, random, x, pool) => product(g, random, x, pool),
  (g, random, x, pool) => product(g, random, x, pool),
  (g, random, x) => (x.shape.length > 0 ? random.pick([op.softmax, op.logSoftmax])(g, x) : null),
  (g, _, x) => (hasRows(x) ? op.layerNorm(g, x, gain(g, x), null, 0.1) : null),
  (g, _, x) => (hasRows(x) ? op.rmsNorm(g, x, gain(g, x), 0.1) : null),
  (g, random, x) => {
    if (x.shape.length === 0) return null
    const reduce = random.pick([op.reduceSum, op.reduceMean, op.reduceSumSquare])
    return op.tanh(g, reduce(g, x, { axes: [random.below(x.shape.length)], keep: random.below(2) === 1 }))
  },
  (g, random, x) => (x.shape.length > 1 ? op.transpose(g, x, random.shuffled(x.shape.map((_, axis) => axis))) : null),
  (g, random, x) => (x.shape.length > 0 ? op.concat(g, [x, op.sin(g, x)], random.below(x.shape.length)) : null),
  (g, random, x) => {
    const axis = x.shape.findIndex((dim) => typeof dim === 'number' && dim > 1)
    const end = random.below(2) === 0 ? 2 : undefined
    return axis < 0 ? null : op.slice(g, x, axis, random.below(2), end)
  },
  (g, _, x) => (x.shape.length > 0 ? op.gather(g, x, op.int64s(g, [0, -1, 0]), x.shape.length - 1) : null),
  (g, _, x) => (x.shape.length > 0 ? op.cumSum(g, x, 0) : null),
  (g, random, x) => op.unsqueeze(g, x, [random.below(x.shape.length + 1)])
]

const number = (g: Graph, value: number): Value => op.scalar(g, value, 'float64')

const hasRows = (x: Value): boolean => x.shape.length > 1 && typeof x.shape.at(-1) === 'number'

function gain(g: Graph, x: Value): Value {
  const width = x.shape.at(-1)
  if (typeof width !== 'number') throw new Error('a normalised row has a known width')
  return op.constant(
    g,
    'float64',
    [width],
    Array.from({ length: width }, (_, i) => 0.5 + 0.25 * i)
  )
}

function binary(f: (g: Graph, a: Value, b: Value) => Value): Step {
  return (g, random, x, pool) => {
    const partners = pool.filter((other) => broadcasts(x, other))
    return partners.length === 0 ? null : f(g, x, random.pick(partners))
  }
}

function product(g: Graph, random: Random, x: Value, pool: readonly Value[]): Value | null {
  if (x.shape.length < 2) return null
  const inner = (value: Value, axis: number): boolean => value.shape.length === 2 && value.shape.at(axis) === x.shape.at(-1)
  const plain = pool.filter((other) => inner(other, -2))
  const flipped = pool.filter((other) => inner(other, -1))
  if (flipped.length > 0 && random.below(2) === 0) return op.tanh(g, op.matMul(g, x, random.pick(flipped), { transB: true }))
  return plain.length === 0 ? null : op.tanh(g, op.matMul(g, x, random.pick(plain)))
}

function broadcasts(a: Value, b: Value): boolean {
  const rank = Math.max(a.shape.length, b.shape.length)
  return Array.from({ length: rank }, (_, i) => [a.shape.at(-1 - i) ?? 1, b.shape.at(-1 - i) ?? 1]).every(
    ([x, y]) => x === y || x === 1 || y === 1
  )
}

/** A random program: each step takes an earlier value, prefers recent ones, and its result may be used again. */
function compose(random: Random): (graph: Graph, inputs: readonly Value[]) => Value {
  return (graph, inputs) => {
    const pool = [...inputs]
    for (let made = 0; made < DEPTH;) {
      const recent = pool.slice(random.below(2) === 0 ? -3 : 0)
      const result = random.pick(steps)(graph, random, random.pick(recent), pool)
      if (!result || result.shape.length > 4 || result.shape.includes(0)) continue
      pool.push(result)
      made++
    }
    // Several results together, so that gradients meet on the way back.
    const sums = pool.slice(-3).map((value) => op.tanh(graph, op.reduceMean(graph, value)))
    return sums.reduce((total, value) => op.add(graph, total, value))
  }
}

test.each(Array.from({ length: 10 }, (_, index) => index))(
  'random composed graphs have the gradients finite differences give (%i of 10, 20 graphs each)',
  async (group) => {
    for (let index = 0; index < 20; index++) {
      const seed = group * 20 + index
      const error = await gradientError(compose(randomFrom(seed)), INPUTS, randomFrom(seed + 10_000))
      expect(error, `seed ${seed}`).toBeLessThan(TOLERANCE)
    }
  }
)
