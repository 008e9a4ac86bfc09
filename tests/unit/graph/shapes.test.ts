import { expect, test } from 'vitest'
import { addInput, addOutput, createGraph } from '../../../src/main/graph/create'
import { termsOf } from '../../../src/main/graph/dims'
import * as op from '../../../src/main/graph/ops'
import type { Dim, Graph, Value } from '../../../src/main/graph/types'
import { bool, f32, i64 } from '../../../src/main/runtime'
import { runGraph } from '../../support/run-graph'

const SIZES: Readonly<Record<string, number>> = { batch: 2, past: 3, seq: 4 }

interface Inputs {
  /** float32 [batch, seq, 6] */
  x: Value
  /** float32 [batch, past, 6] */
  old: Value
  /** float32 [seq, 6] */
  row: Value
  /** float32 [6] */
  w: Value
  /** int64 [seq], every entry 1 */
  ids: Value
  /** bool [seq, 1] */
  flags: Value
}

type Row = [name: string, build: (g: Graph, inputs: Inputs) => Value | readonly Value[]]

const comparison = (name: 'equal' | 'less' | 'lessOrEqual' | 'greater' | 'greaterOrEqual'): Row => [
  name,
  (g, { x, row }) => op[name](g, x, row)
]
const arithmetic = (name: 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'min' | 'max'): Row => [name, (g, { x, row }) => op[name](g, row, x)]
const unary = (
  name:
    | 'neg'
    | 'sqrt'
    | 'reciprocal'
    | 'exp'
    | 'log'
    | 'tanh'
    | 'sigmoid'
    | 'relu'
    | 'erf'
    | 'abs'
    | 'sign'
    | 'sin'
    | 'cos'
    | 'floor'
    | 'silu'
    | 'isNaN'
    | 'isInf'
    | 'identity'
): Row => [name, (g, { x }) => op[name](g, x)]
const reducer = (name: 'reduceSum' | 'reduceMean' | 'reduceMax' | 'reduceMin' | 'reduceSumSquare'): Row => [
  name,
  (g, { x }) => [op[name](g, x), op[name](g, x, { axes: [1], keep: true }), op[name](g, x, { axes: [0, -1] })]
]

const rows: Row[] = [
  ...(['add', 'sub', 'mul', 'div', 'pow', 'min', 'max'] as const).map(arithmetic),
  ...(
    [
      'neg',
      'sqrt',
      'reciprocal',
      'exp',
      'log',
      'tanh',
      'sigmoid',
      'relu',
      'erf',
      'abs',
      'sign',
      'sin',
      'cos',
      'floor',
      'silu',
      'isNaN',
      'isInf',
      'identity'
    ] as const
  ).map(unary),
  ...(['equal', 'less', 'lessOrEqual', 'greater', 'greaterOrEqual'] as const).map(comparison),
  ...(['reduceSum', 'reduceMean', 'reduceMax', 'reduceMin', 'reduceSumSquare'] as const).map(reducer),
  ['clip', (g, { x }) => op.clip(g, x, { min: op.scalar(g, 0), max: op.scalar(g, 1) })],
  ['cast', (g, { x, flags }) => [op.cast(g, x, 'float16'), op.cast(g, x, 'float64'), op.cast(g, flags, 'int64'), op.cast(g, x, 'int32')]],
  [
    'constant',
    (g) => [op.scalar(g, 2), op.constant(g, 'float16', [2], [1, 2]), op.float32s(g, [2, 1], Float32Array.of(1, 2)), op.int64s(g, [])]
  ],
  ['full', (g, { x }) => op.full(g, 3, x)],
  ['where', (g, { x, flags, row }) => op.where(g, flags, x, row)],
  ['and, or, not', (g, { flags, x }) => [op.and(g, flags, op.isNaN(g, x)), op.or(g, flags, flags), op.not(g, flags)]],
  [
    'matMul',
    (g, { x, row }) => [
      op.matMul(g, x, row, { transB: true }),
      op.matMul(g, x, x, { transA: true, alpha: 2 }),
      op.matMul(g, row, op.transpose(g, x, [0, 2, 1]))
    ]
  ],
  [
    'reshape',
    (g, { x }) => [
      op.reshape(g, x, ['batch*seq', 6]),
      op.reshape(g, x, ['batch', 'seq', 2, 3]),
      op.reshape(g, op.transpose(g, x), [6, 'batch', 'seq'])
    ]
  ],
  ['reshape of a sum', (g, { x, old }) => op.reshape(g, op.concat(g, [old, x], 1), ['batch*past + batch*seq', 2, 3])],
  ['transpose', (g, { x }) => [op.transpose(g, x), op.transpose(g, x, [1, 0, 2])]],
  ['concat', (g, { x, old }) => [op.concat(g, [old, x], 1), op.concat(g, [x, x], -1)]],
  [
    'slice',
    (g, { x, old }) => [
      op.slice(g, x, 1, -1),
      op.slice(g, x, 2, 1, 4),
      op.slice(g, op.concat(g, [old, x], 1), 1, 'past'),
      op.slice(g, x, 1, 0, -1)
    ]
  ],
  ['pad', (g, { x }) => op.pad(g, x, 1, { value: op.int64s(g, [2]), size: 2 }, { value: op.dimOf(g, x, 0), size: 'batch' })],
  ['split', (g, { x, old }) => [...op.split(g, x, 2, [1, 2, 3]), ...op.split(g, op.concat(g, [old, x], 1), 1, ['past', 'seq'])]],
  ['squeeze, unsqueeze', (g, { flags, x }) => [op.squeeze(g, flags, [-1]), op.unsqueeze(g, x, [0, -1])]],
  [
    'expand',
    (g, { w, row }) => [op.expand(g, w, ['batch', 'seq', 6]), op.expand(g, row, ['past', 'seq', 6]), op.expand(g, w, ['past + seq', 6])]
  ],
  ['trilu', (g, { x }) => [op.trilu(g, x, { upper: true, k: 1 }), op.trilu(g, x, { upper: false })]],
  ['gather', (g, { x, ids }) => [op.gather(g, x, ids), op.gather(g, x, ids, 1), op.gather(g, x, op.constant(g, 'int64', [], [0]), -1)]],
  ['gatherElements', (g, { row, ids }) => op.gatherElements(g, row, op.unsqueeze(g, ids, [1]), 1)],
  ['gatherND', (g, { row, ids }) => [op.gatherND(g, row, op.unsqueeze(g, ids, [1])), op.gatherND(g, row, op.int64s(g, [1, 2]))]],
  ['scatterElements', (g, { row, ids }) => op.scatterElements(g, row, op.unsqueeze(g, ids, [1]), op.slice(g, row, 1, 0, 1), 1, 'add')],
  ['scatterND', (g, { row, ids }) => op.scatterND(g, row, op.unsqueeze(g, ids, [1]), row, 'add')],
  ['range', (g, { x }) => op.iota(g, op.dimOf(g, x, 1), 'seq')],
  ['nonZero', (g, { row }) => op.nonZero(g, row)],
  ['topK', (g, { x, row }) => [...Object.values(op.topK(g, x, 2)), op.topK(g, x, { value: op.dimOf(g, row, 0), size: 'seq' }, -1).values]],
  ['argMax', (g, { x }) => [op.argMax(g, x, 1), op.argMax(g, x, -1, true)]],
  ['cumSum', (g, { x }) => op.cumSum(g, x, 1, { reverse: true })],
  ['softmax, logSoftmax', (g, { x }) => [op.softmax(g, x), op.logSoftmax(g, x, 1)]],
  ['layerNorm, rmsNorm', (g, { x, w }) => [op.layerNorm(g, x, w, w, 1e-5), op.layerNorm(g, x, w, null, 1e-5), op.rmsNorm(g, x, w, 1e-5)]],
  ['gelu', (g, { x }) => [op.gelu(g, x, 'exact'), op.gelu(g, x, 'tanh')]],
  ['shapeOf, dimOf', (g, { x }) => [op.shapeOf(g, x), op.shapeOf(g, x, 1), op.dimOf(g, x, -1)]],
  ['dimVector', (g, { old, x }) => op.dimVector(g, ['past + seq', 'batch*seq', 3], [old, x])]
]

test.each(rows)('%s infers the shape and type the runtime gives', async (_, build) => {
  const graph = createGraph('shapes')
  const inputs: Inputs = {
    x: addInput(graph, 'x', 'float32', ['batch', 'seq', 6]),
    old: addInput(graph, 'old', 'float32', ['batch', 'past', 6]),
    row: addInput(graph, 'row', 'float32', ['seq', 6]),
    w: addInput(graph, 'w', 'float32', [6]),
    ids: addInput(graph, 'ids', 'int64', ['seq']),
    flags: addInput(graph, 'flags', 'bool', ['seq', 1])
  }
  const built = build(graph, inputs)
  const values = 'name' in built ? [built] : built
  values.forEach((value, index) => addOutput(graph, `v${index}`, value))
  // An unused input would be pruned, and feeding it refused.
  Object.values(inputs).forEach((value: Value, index) => addOutput(graph, `input${index}`, value))
  const outputs = await runGraph(graph, {
    x: f32([2, 4, 6], new Float32Array(48).fill(0.5)),
    old: f32([2, 3, 6], new Float32Array(36).fill(0.5)),
    row: f32([4, 6], new Float32Array(24).fill(0.5)),
    w: f32([6], new Float32Array(6).fill(0.5)),
    ids: i64([4], [1, 1, 1, 1]),
    flags: bool([4, 1], [true, false, true, false])
  })
  for (const [index, value] of values.entries()) {
    const found = outputs[`v${index}`]
    expect(found?.type).toBe(value.type)
    expect(found?.dims).toEqual(value.shape.map(sizeAtRunTime))
  }
})

/** A size with batch = 2, past = 3, seq = 4; all 24 entries of `row` are nonzero. */
function sizeAtRunTime(dim: Dim): number {
  const symbol = (name: string): number => (name.startsWith('nonzero') ? 24 : (SIZES[name] ?? NaN))
  return termsOf(dim).reduce(
    (sum, { coefficient, symbols }) => sum + symbols.reduce((product, name) => product * symbol(name), coefficient),
    0
  )
}
