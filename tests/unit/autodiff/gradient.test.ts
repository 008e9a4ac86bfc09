import { expect, test } from 'vitest'
import { gradient } from '../../../src/main/autodiff/gradient'
import { addInput, addNode, addOutput, createGraph } from '../../../src/main/graph/create'
import * as op from '../../../src/main/graph/ops'
import { prune } from '../../../src/main/graph/prune'
import type { Graph, Value } from '../../../src/main/graph/types'
import { f32, floatsOf } from '../../../src/main/runtime'
import type { Feeds } from '../../../src/main/runtime/types'
import { runGraph } from '../../support/run-graph'

/** A graph on x = [1, 2, 3] (float32) and the numbers of the values that `build` returns. */
async function numbers(build: (g: Graph, x: Value) => readonly Value[], more: Feeds = {}): Promise<number[][]> {
  const graph = createGraph('gradient-test')
  const x = addInput(graph, 'x', 'float32', [3])
  const values = build(graph, x)
  values.forEach((value, index) => addOutput(graph, `v${index}`, value))
  const outputs = await runGraph(graph, { x: f32([3], [1, 2, 3]), ...more })
  return values.map((_, index) => Array.from(floatsOf(outputs, `v${index}`)))
}

test('a value used twice collects both gradients', async () => {
  const [dx] = await numbers((g, x) => gradient(g, op.reduceSum(g, op.add(g, op.mul(g, x, x), x)), [x]))
  expect(dx).toEqual([3, 5, 7])
})

test('a stop point lets no gradient through, and still gets its own', async () => {
  const [dx, dStopped] = await numbers((g, x) => {
    const stopped = op.mul(g, x, op.scalar(g, 10))
    const y = op.reduceSum(g, op.mul(g, stopped, x))
    return gradient(g, y, [x, stopped], { stop: [stopped] })
  })
  expect(dx).toEqual([10, 20, 30])
  expect(dStopped).toEqual([1, 2, 3])
})

test('one output of a node can be stopped while its sibling is not', async () => {
  const [dx] = await numbers((g, x) => {
    const [head, tail] = op.split(g, x, 0, [1, 2])
    if (!head || !tail) throw new Error('Split makes two values')
    return gradient(g, op.reduceSum(g, op.mul(g, head, tail)), [x], { stop: [head] })
  })
  expect(dx).toEqual([0, 1, 1])
})

test('what does not depend on a value has the gradient zero, in its shape', async () => {
  const [dx] = await numbers((g, x) => gradient(g, op.scalar(g, 1), [x]))
  expect(dx).toEqual([0, 0, 0])
})

test('integers, conditions and indices carry no gradient', async () => {
  const [dx] = await numbers((g, x) => {
    const best = op.argMax(g, x, 0, true)
    const large = op.where(g, op.greater(g, x, op.scalar(g, 1.5)), x, op.scalar(g, 0))
    return gradient(g, op.add(g, op.reduceSum(g, op.gather(g, x, best)), op.reduceSum(g, large)), [x])
  })
  expect(dx).toEqual([0, 1, 2])
})

test('a gradient can be differentiated again', async () => {
  const [second] = await numbers((g, x) => {
    const cubes = op.reduceSum(g, op.mul(g, x, op.mul(g, x, x)))
    const first = gradient(g, cubes, [x])
    return first.flatMap((dx) => gradient(g, op.reduceSum(g, dx), [x]))
  })
  expect(second).toEqual([6, 12, 18])
})

test('an op without a rule on the path is named, with its node', () => {
  const graph = createGraph('no-rule')
  const x = addInput(graph, 'x', 'float32', [3])
  const y = addNode(graph, { op: 'Softsign', inputs: [x] }, x)
  expect(() => gradient(graph, op.reduceSum(graph, y), [x])).toThrow(`the op Softsign of node ${y.name} has a gradient rule`)
})

test('a value of several elements is refused as a target', () => {
  const graph = createGraph('not-scalar')
  const x = addInput(graph, 'x', 'float32', ['n'])
  expect(() => gradient(graph, x, [x])).toThrow('the differentiated value x [n] has one element')
})

test('gradients of weights that were not asked for are not emitted', () => {
  const graph = createGraph('lazy')
  const x = addInput(graph, 'x', 'float32', ['n', 4])
  const W = addInput(graph, 'W', 'float32', [4, 5])
  addOutput(graph, 'dx', gradient(graph, op.reduceSum(graph, op.matMul(graph, x, W)), [x])[0] ?? x)
  const products = prune(graph).nodes.filter((node) => node.op.includes('MatMul'))
  expect(products.map((node) => node.op)).toEqual(['FusedMatMul'])
})

test('float32 normalisations, which may reuse statistics of their fused kernels, agree with the float64 formula', async () => {
  // float32 has 24 bits: 6e-8 relative for each rounding, about ten of them here.
  for (const norm of [op.rmsNorm, (g: Graph, x: Value, w: Value, e: number) => op.layerNorm(g, x, w, null, e)]) {
    const both = await numbers((g, x) => {
      const scaled = (type: 'float32' | 'float64'): Value[] => {
        const row = op.reshape(g, op.cast(g, x, type), [1, 3])
        const y = norm(g, row, op.constant(g, type, [3], [1, 0.5, 2]), 1e-5)
        const target = op.reduceSum(g, op.mul(g, y, op.constant(g, type, [3], [1, -2, 0.5])))
        return gradient(g, target, [row]).map((dx) => op.cast(g, dx, 'float32'))
      }
      return [...scaled('float32'), ...scaled('float64')]
    })
    both[0]?.forEach((value, i) => expect(value).toBeCloseTo(both[1]?.[i] ?? NaN, 6))
  }
})
