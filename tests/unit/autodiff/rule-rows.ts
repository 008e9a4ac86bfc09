/** What the gradient rules are tested on: each op, built on several kinds of inputs. */
import * as op from '../../../src/main/graph/ops'
import type { Value } from '../../../src/main/graph/types'
import type { Build, Input } from '../../support/gradient-check'

export interface Row {
  readonly op: string
  readonly build: Build
  /** One case each: the inputs drawn. */
  readonly cases: readonly (readonly Input[])[]
}

type Unary = (...args: [Parameters<Build>[0], Value]) => Value
type Binary = (...args: [Parameters<Build>[0], Value, Value]) => Value

/** The values a build was given; asking for one too many is a fault of the row. */
function take(inputs: readonly Value[], index: number): Value {
  const value = inputs[index]
  if (!value) throw new Error(`this row has no input ${index}`)
  return value
}

const one =
  (f: Unary): Build =>
  (g, inputs) =>
    f(g, take(inputs, 0))
const two =
  (f: Binary): Build =>
  (g, inputs) =>
    f(g, take(inputs, 0), take(inputs, 1))
/** One tensor as both operands. */
const twice =
  (f: Binary): Build =>
  (g, inputs) =>
    f(g, take(inputs, 0), take(inputs, 0))

const any = (...dims: number[]): Input => ({ dims })
const positive = (...dims: number[]): Input => ({ dims, sampler: 'positive' })
const distinct = (...dims: number[]): Input => ({ dims, sampler: 'distinct' })
/** The same sizes under symbolic names. */
const symbolic = (input: Input, ...shape: (string | number)[]): Input => ({ ...input, shape })

const unaryCases = (of: (...dims: number[]) => Input): Input[][] => [[of()], [of(7)], [of(2, 3, 4)], [symbolic(of(2, 3), 'n', 'm')]]
const binaryCases = (of: (...dims: number[]) => Input): Input[][] => [
  [of(2, 3), of(2, 3)],
  [of(2, 3), of(3)],
  [of(), of(2, 3)],
  [of(4, 1, 3), of(2, 1)],
  [symbolic(of(2, 3), 'n', 'm'), symbolic(of(1, 3), 1, 'm')]
]

const unary = (name: string, f: Unary, of = any): Row => ({ op: name, build: one(f), cases: unaryCases(of) })
const binary = (name: string, f: Binary, of = any): Row[] => [
  { op: name, build: two(f), cases: binaryCases(of) },
  { op: name, build: twice(f), cases: [[of(2, 3)], [symbolic(of(5), 'n')]] }
]

const even: Build = (g, [a]) => op.constant(g, 'bool', [3], a ? [1, 0, 1] : [])
const indices = (g: Parameters<Build>[0], dims: number[], numbers: number[]): Value => op.constant(g, 'int64', dims, numbers)

const elementwise: Row[] = [
  ...binary('Add', op.add),
  ...binary('Sub', op.sub),
  ...binary('Mul', op.mul),
  ...binary('Div', op.div, positive),
  ...binary('Pow', op.pow, positive),
  { op: 'Pow', build: one((g, x) => op.pow(g, x, op.scalar(g, 2, 'float64'))), cases: unaryCases(any) },
  { op: 'Pow', build: one((g, x) => op.pow(g, x, op.scalar(g, 3, 'float64'))), cases: unaryCases(any) },
  ...binary('Min', op.min, distinct),
  ...binary('Max', op.max, distinct),
  unary('Neg', op.neg),
  unary('Sqrt', op.sqrt, positive),
  unary('Reciprocal', op.reciprocal, positive),
  unary('Exp', op.exp),
  unary('Log', op.log, positive),
  unary('Tanh', op.tanh),
  unary('Sigmoid', op.sigmoid),
  unary('Relu', op.relu, distinct),
  unary('Erf', op.erf),
  unary('Abs', op.abs, distinct),
  unary('Sin', op.sin),
  unary('Cos', op.cos),
  {
    op: 'Clip',
    build: one((g, x) => op.clip(g, x, { min: op.scalar(g, -0.2, 'float64'), max: op.scalar(g, 0.3, 'float64') })),
    cases: unaryCases(distinct)
  },
  {
    op: 'Clip',
    build: two((g, x, low) => op.clip(g, x, { min: low })),
    cases: [
      [distinct(9), distinct()],
      [distinct(2, 3), distinct()]
    ]
  },
  {
    op: 'Clip',
    build: two((g, x, high) => op.clip(g, x, { max: high })),
    cases: [
      [distinct(9), distinct()],
      [distinct(2, 3), distinct()]
    ]
  },
  {
    op: 'Where',
    build: (g, v) => op.where(g, even(g, v), take(v, 0), take(v, 1)),
    cases: [
      [any(2, 3), any(2, 3)],
      [any(1), any(2, 3)],
      [any(), any(4, 2, 1)]
    ]
  },
  {
    op: 'Where',
    build: (g, v) => op.where(g, op.greater(g, take(v, 0), op.scalar(g, 0, 'float64')), take(v, 0), take(v, 1)),
    cases: [[distinct(3), any(3)]]
  },
  { op: 'Cast', build: one((g, x) => op.cast(g, x, 'float64')), cases: [[any(2)]] },
  { op: 'Identity', build: one(op.identity), cases: unaryCases(any) },
  { op: 'Sign', build: one((g, x) => op.mul(g, x, op.sign(g, x))), cases: [[distinct(4)]] },
  { op: 'Floor', build: one((g, x) => op.mul(g, x, op.floor(g, x))), cases: [[distinct(4)]] }
]

const products: [number[], number[]][] = [
  [
    [2, 3],
    [3, 4]
  ],
  [
    [5, 2, 3],
    [3, 4]
  ],
  [
    [2, 5, 2, 3],
    [2, 5, 3, 4]
  ],
  [
    [2, 1, 2, 3],
    [5, 3, 4]
  ],
  [
    [2, 3],
    [5, 3, 4]
  ]
]
const flip = (dims: readonly number[]): number[] => [...dims.slice(0, -2), dims.at(-1) ?? 1, dims.at(-2) ?? 1]

const linear: Row[] = [
  {
    op: 'MatMul',
    build: two(op.matMul),
    cases: [...products.map(([a, b]) => [any(...a), any(...b)]), [symbolic(any(5, 2, 3), 'n', 'm', 3), any(3, 4)]]
  },
  { op: 'MatMul', build: twice(op.matMul), cases: [[any(3, 3)], [any(2, 3, 3)]] },
  ...[
    { transA: true, transB: false },
    { transA: false, transB: true },
    { transA: true, transB: true, alpha: 0.5 }
  ].map((options): Row => ({
    op: 'FusedMatMul',
    build: two((g, a, b) => op.matMul(g, a, b, options)),
    cases: products.map(([a, b]) => [any(...(options.transA ? flip(a) : a)), any(...(options.transB ? flip(b) : b))])
  })),
  {
    op: 'FusedMatMul',
    build: twice((g, a, b) => op.matMul(g, a, b, { transB: true })),
    cases: [[any(2, 3)], [symbolic(any(4, 2, 3), 'b', 'n', 3)]]
  }
]

const structure: Row[] = [
  { op: 'Reshape', build: one((g, x) => op.reshape(g, x, [3, 4])), cases: [[any(2, 6)], [any(12)]] },
  { op: 'Reshape', build: one((g, x) => op.reshape(g, x, ['batch*seq', 2])), cases: [[symbolic(any(3, 4, 2), 'batch', 'seq', 2)]] },
  { op: 'Reshape', build: one((g, x) => op.reshape(g, x, ['batch', 'seq', 2, 3])), cases: [[symbolic(any(3, 4, 6), 'batch', 'seq', 6)]] },
  {
    op: 'Transpose',
    build: one((g, x) => op.transpose(g, x, [2, 0, 1])),
    cases: [[any(2, 3, 4)], [symbolic(any(2, 3, 4), 'a', 'b', 'c')]]
  },
  { op: 'Expand', build: one((g, x) => op.expand(g, x, [2, 3, 4])), cases: [[any(3, 1)], [any()], [any(2, 1, 4)]] },
  {
    op: 'Concat',
    build: (g, v) => op.concat(g, [take(v, 0), take(v, 1), take(v, 0)], 1),
    cases: [
      [any(2, 3), any(2, 2)],
      [symbolic(any(2, 3), 'n', 'past'), symbolic(any(2, 2), 'n', 'seq')]
    ]
  },
  { op: 'Split', build: one((g, x) => op.mul(g, ...pair(op.split(g, x, 1, [2, 2])))), cases: [[any(3, 4)], [symbolic(any(3, 4), 'n', 4)]] },
  { op: 'Split', build: one((g, x) => pair(op.split(g, x, -1, [1, 3]))[1]), cases: [[any(3, 4)]] },
  { op: 'Slice', build: one((g, x) => op.slice(g, x, 1, 1, 3)), cases: [[any(2, 4)], [symbolic(any(2, 4), 'n', 'm')]] },
  { op: 'Slice', build: one((g, x) => op.slice(g, x, -1, -2)), cases: [[any(2, 4)], [symbolic(any(2, 4), 'n', 'm')]] },
  {
    op: 'Pad',
    build: one((g, x) => op.pad(g, x, 1, { value: indices(g, [1], [2]), size: 2 }, { value: indices(g, [1], [1]), size: 1 })),
    cases: [[any(2, 3)], [symbolic(any(2, 3), 'n', 'm')]]
  },
  { op: 'Squeeze', build: one((g, x) => op.squeeze(g, x, [1])), cases: [[any(2, 1, 3)], [symbolic(any(2, 1, 3), 'n', 1, 'm')]] },
  { op: 'Unsqueeze', build: one((g, x) => op.unsqueeze(g, x, [0, 2])), cases: [[any(2, 3)], [symbolic(any(2, 3), 'n', 'm')]] },
  { op: 'Trilu', build: one((g, x) => op.trilu(g, x, { upper: false })), cases: [[any(3, 3)], [any(2, 3, 4)]] },
  {
    op: 'Trilu',
    build: one((g, x) => op.trilu(g, x, { upper: true, k: 1 })),
    cases: [[any(3, 3)], [symbolic(any(2, 3, 4), 'n', 'm', 'k')]]
  }
]

const indexing: Row[] = [
  {
    op: 'Gather',
    build: one((g, x) => op.gather(g, x, indices(g, [4], [0, 2, 2, -1]))),
    cases: [[any(3)], [any(3, 2)], [symbolic(any(3, 2), 'n', 'm')]]
  },
  {
    op: 'Gather',
    build: one((g, x) => op.gather(g, x, indices(g, [2, 2], [0, 2, 2, 1]), 1)),
    cases: [[any(2, 3)], [any(2, 3, 4)], [symbolic(any(2, 3, 4), 'a', 'b', 4)]]
  },
  { op: 'Gather', build: one((g, x) => op.gather(g, x, indices(g, [], [1]), -1)), cases: [[any(2, 3)], [any(2, 2, 3)]] },
  {
    op: 'GatherElements',
    build: one((g, x) => op.gatherElements(g, x, indices(g, [2, 2], [0, 2, 1, 1]), 1)),
    cases: [[any(2, 3)], [symbolic(any(2, 3), 'n', 'm')]]
  },
  { op: 'GatherND', build: one((g, x) => op.gatherND(g, x, indices(g, [3, 2], [0, 1, 1, 0, 0, 1]))), cases: [[any(2, 2)], [any(2, 3, 4)]] },
  ...(['none', 'add'] as const).flatMap((reduction): Row[] => [
    {
      op: 'ScatterElements',
      build: two((g, x, u) => op.scatterElements(g, x, indices(g, [2, 2], [0, 2, 1, 0]), u, 1, reduction)),
      cases: [[any(2, 3), any(2, 2)]]
    },
    {
      op: 'ScatterND',
      build: two((g, x, u) => op.scatterND(g, x, indices(g, [2, 1], [2, 0]), u, reduction)),
      cases: [
        [any(3, 2), any(2, 2)],
        [symbolic(any(3, 2), 'n', 2), any(2, 2)]
      ]
    }
  ]),
  {
    op: 'TopK',
    build: one((g, x) => op.topK(g, x, 2).values),
    cases: [[distinct(5)], [distinct(2, 4)], [symbolic(distinct(2, 4), 'n', 'm')]]
  },
  { op: 'TopK', build: one((g, x) => op.topK(g, x, 2, 0).values), cases: [[distinct(3, 4)]] }
]

const reducers: [string, typeof op.reduceSum, (...dims: number[]) => Input][] = [
  ['ReduceSum', op.reduceSum, any],
  ['ReduceMean', op.reduceMean, any],
  ['ReduceMax', op.reduceMax, distinct],
  ['ReduceMin', op.reduceMin, distinct],
  ['ReduceSumSquare', op.reduceSumSquare, any]
]

const reduction: Row[] = [
  ...reducers.flatMap(([name, reduce, of]): Row[] => [
    { op: name, build: one((g, x) => reduce(g, x)), cases: unaryCases(of).slice(1) },
    {
      op: name,
      build: one((g, x) => reduce(g, x, { axes: [1], keep: true })),
      cases: [[of(2, 3)], [symbolic(of(2, 3, 2), 'a', 'b', 'c')]]
    },
    { op: name, build: one((g, x) => reduce(g, x, { axes: [0, -1] })), cases: [[of(2, 3, 4)], [symbolic(of(2, 3, 4), 'a', 'b', 'c')]] }
  ]),
  ...[{}, { reverse: true }, { exclusive: true }, { reverse: true, exclusive: true }].map((options): Row => ({
    op: 'CumSum',
    build: one((g, x) => op.cumSum(g, x, -1, options)),
    cases: [[any(4)], [any(2, 4)]]
  }))
]

const rows = [any(4), any(2, 3), any(2, 3, 4), symbolic(any(2, 3), 'n', 3)]
const network: Row[] = [
  { op: 'Softmax', build: one((g, x) => op.softmax(g, x)), cases: rows.map((row) => [row]) },
  { op: 'Softmax', build: one((g, x) => op.softmax(g, x, 0)), cases: rows.map((row) => [row]) },
  { op: 'LogSoftmax', build: one((g, x) => op.logSoftmax(g, x)), cases: rows.map((row) => [row]) },
  { op: 'LogSoftmax', build: one((g, x) => op.logSoftmax(g, x, 0)), cases: rows.map((row) => [row]) },
  {
    op: 'LayerNormalization',
    build: (g, v) => op.layerNorm(g, take(v, 0), take(v, 1), take(v, 2), 1e-3),
    cases: [
      [any(2, 5), any(5), any(5)],
      [any(2, 3, 4), any(4), any(4)],
      [symbolic(any(3, 4), 'n', 4), any(4), any(4)]
    ]
  },
  { op: 'LayerNormalization', build: two((g, x, gain) => op.layerNorm(g, x, gain, null, 1e-3)), cases: [[any(2, 5), any(5)]] },
  {
    op: 'SimplifiedLayerNormalization',
    build: two((g, x, gain) => op.rmsNorm(g, x, gain, 1e-3)),
    cases: [
      [any(2, 5), any(5)],
      [any(2, 3, 4), any(4)],
      [symbolic(any(3, 4), 'n', 4), any(4)]
    ]
  },
  unary('Gelu', (g, x) => op.gelu(g, x, 'exact')),
  unary('Gelu', (g, x) => op.gelu(g, x, 'tanh')),
  unary('silu', op.silu)
]

export const table: readonly Row[] = [...elementwise, ...linear, ...structure, ...indexing, ...reduction, ...network]

function pair(values: readonly Value[]): [Value, Value] {
  return [take(values, 0), take(values, 1)]
}
