/**
 * Checks gradients against finite differences along a random direction, in float64.
 * For y = f(x), random c and t:  <gradient of <c, y>, t>  must equal  <c, derivative of f along t>.
 */
import { gradient } from '../../src/main/autodiff/gradient'
import { addInput, addOutput, createGraph } from '../../src/main/graph/create'
import * as op from '../../src/main/graph/ops'
import { prune } from '../../src/main/graph/prune'
import type { Dim, Graph, Value } from '../../src/main/graph/types'
import { f64, openSession, outputOf } from '../../src/main/runtime'
import type { Feeds, Session, Tensor } from '../../src/main/runtime/types'
import { withoutErf } from './double-precision'
import type { Random } from './random-numbers'

/** How an input is drawn. `distinct`: entries at least 0.1 apart over all distinct inputs, none near 0, so no kink is crossed. */
export type Sampler = 'normal' | 'positive' | 'distinct'

export interface Input {
  readonly dims: readonly number[]
  /** What the graph calls its sizes; numbers by default. */
  readonly shape?: readonly Dim[]
  readonly sampler?: Sampler
}

export type Build = (graph: Graph, inputs: readonly Value[]) => Value

/**
 * Fourth-order central differences with this step: truncation about STEP^4 = 1e-12, rounding about 1e-16 / STEP = 1e-13, so 1e-6
 * relative leaves room for badly scaled functions only.
 */
const STEP = 1e-3
export const TOLERANCE = 1e-6
/** Below this a derivative counts as 0 (that of x / x is): 1e-6 of it is the rounding of the differences themselves. */
const FLOOR = 1e-4

/** Relative disagreement between the emitted gradient and finite differences. */
export async function gradientError(build: Build, inputs: readonly Input[], random: Random): Promise<number> {
  const graph = createGraph('gradient-check')
  const values = inputs.map(({ dims, shape }, index) => addInput(graph, `x${index}`, 'float64', shape ?? dims))
  const y = build(graph, values)
  const c = addInput(graph, 'c', 'float64', y.shape)
  const s = op.reduceSum(graph, op.mul(graph, c, y))
  const gradients = gradient(graph, s, values)
  gradients.forEach((value, index) => addOutput(graph, `g${index}`, value))
  const forward = await open({ ...graph, outputs: new Map([['y', y]]) })
  const backward = await open(graph)
  try {
    const x = sample(inputs, random)
    const t = inputs.map(({ dims }) => uniform(dims, random))
    const at = async (points: readonly Tensor[]): Promise<Tensor> => outputOf(await forward.run(named(points)), 'y')
    const weights = uniform((await at(x)).dims, random)
    const outputs = await backward.run({ ...named(x), c: weights })
    const exact = t.reduce((sum, direction, index) => sum + dot(direction, outputOf(outputs, `g${index}`)), 0)
    const along = async (step: number): Promise<number> => {
      const moved = x.map((point, i) =>
        f64(
          point.dims,
          point.data.map((number, j) => number + step * (t[i]?.data[j] ?? 0))
        )
      )
      return dot(weights, await at(moved))
    }
    const near = (await along(STEP)) - (await along(-STEP))
    const far = (await along(2 * STEP)) - (await along(-2 * STEP))
    const numerical = (8 * near - far) / (12 * STEP)
    return Math.abs(exact - numerical) / Math.max(Math.abs(exact), Math.abs(numerical), FLOOR)
  } finally {
    await Promise.all([forward.release(), backward.release()])
  }
}

function open(graph: Graph): Promise<Session> {
  return openSession(withoutErf(prune(graph)), { device: 'cpu', doing: 'checking a gradient' })
}

function sample(inputs: readonly Input[], random: Random): Tensor<Float64Array>[] {
  const count = inputs.reduce((sum, { dims, sampler }) => sum + (sampler === 'distinct' ? size(dims) : 0), 0)
  const pool = random.shuffled(Array.from({ length: count }, (_, i) => (i - Math.floor(count / 2)) * 0.1 + 0.05))
  const draw: Record<Sampler, () => number> = {
    normal: () => random.between(-1.5, 1.5),
    positive: () => random.between(0.5, 2),
    distinct: () => pool.pop() ?? 0
  }
  return inputs.map(({ dims, sampler = 'normal' }) => f64(dims, Array.from({ length: size(dims) }, draw[sampler])))
}

function uniform(dims: readonly number[], random: Random): Tensor<Float64Array> {
  return f64(
    dims,
    Array.from({ length: size(dims) }, () => random.between(-1, 1))
  )
}

function named(x: readonly Tensor[]): Feeds {
  return Object.fromEntries(x.map((tensor, index) => [`x${index}`, tensor]))
}

function dot(a: Tensor<Float64Array>, b: Tensor): number {
  if (!(b.data instanceof Float64Array) || b.data.length !== a.data.length) throw new Error('the gradient has the shape of its input')
  const other = b.data
  return a.data.reduce<number>((sum, number, index) => sum + number * (other[index] ?? NaN), 0)
}

const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)
