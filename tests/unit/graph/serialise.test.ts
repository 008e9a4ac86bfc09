import proto from 'onnx-proto'
import { expect, test } from 'vitest'
import { addExternal, addInput, addOutput, createGraph, freshValue } from '../../../src/main/graph/create'
import * as op from '../../../src/main/graph/ops'
import { prune } from '../../../src/main/graph/prune'
import { OPSET, serialise } from '../../../src/main/graph/serialise'
import type { Graph } from '../../../src/main/graph/types'

function decode(graph: Graph): proto.onnx.IModelProto {
  return proto.onnx.ModelProto.toObject(proto.onnx.ModelProto.decode(serialise(graph)), { longs: Number, bytes: Array })
}

function example(): Graph {
  const graph = createGraph('example')
  const x = addInput(graph, 'x', 'float32', ['batch', 3])
  const W = addExternal(graph, 'W', 'float16', [4, 3], { file: 'model.safetensors', offset: 1024, length: 24 })
  const y = op.matMul(graph, x, op.cast(graph, W, 'float32'), { transB: true })
  addOutput(graph, 'y', op.softmax(graph, op.mul(graph, y, op.scalar(graph, 0.5))))
  return graph
}

test('a graph is written as a model of the declared opsets with named inputs and outputs', () => {
  const model = decode(example())
  expect(model.opsetImport).toEqual([
    { domain: '', version: OPSET },
    { domain: 'com.microsoft', version: 1 }
  ])
  expect(model.graph?.input).toEqual([
    { name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'batch' }, { dimValue: 3 }] } } } }
  ])
  expect(model.graph?.output?.map((value) => value.name)).toEqual(['y'])
})

test('an output is called like itself wherever its value is read; inputs, weights and second outputs are copied', () => {
  const graph = example()
  const y = graph.outputs.get('y')
  if (!y) throw new Error('there is an output y')
  addOutput(graph, 'again', y)
  addOutput(graph, 'more', op.exp(graph, y))
  const [x] = graph.inputs
  if (x) addOutput(graph, 'given', x)
  const nodes = decode(graph).graph?.node ?? []
  const made = nodes.map(({ opType, input, output }) => [opType, input?.at(0), output?.at(0)])
  expect(made.slice(3)).toEqual([
    ['Softmax', made[2]?.[2], 'y'],
    ['Exp', 'y', 'more'],
    ['Identity', 'y', 'again'],
    ['Identity', 'x', 'given']
  ])
})

test('a weight on disk is written as file, offset and length, never as data', () => {
  const W = decode(example()).graph?.initializer?.find((tensor) => tensor.name === 'W')
  expect(W).toEqual({
    name: 'W',
    dims: [4, 3],
    dataType: 10,
    dataLocation: 1,
    externalData: [
      { key: 'location', value: 'model.safetensors' },
      { key: 'offset', value: '1024' },
      { key: 'length', value: '24' }
    ]
  })
})

test('constants are written as raw bytes, and equal ones once', () => {
  const graph = example()
  op.scalar(graph, 0.5)
  const constants = decode(graph).graph?.initializer?.filter((tensor) => tensor.name !== 'W')
  expect(constants).toEqual([{ name: 'float32[]:0.5', dataType: 1, rawData: [0, 0, 0, 63] }])
})

test('nodes keep their order, domain and attributes', () => {
  const nodes = decode(example()).graph?.node ?? []
  expect(nodes.map((node) => node.opType)).toEqual(['Cast', 'FusedMatMul', 'Mul', 'Softmax'])
  expect(nodes[3]?.output).toEqual(['y'])
  expect(nodes[1]).toMatchObject({ domain: 'com.microsoft', attribute: expect.arrayContaining([{ name: 'transB', type: 2, i: 1 }]) })
  expect(nodes[3]?.attribute).toEqual([{ name: 'axis', type: 2, i: 1 }])
})

test('pruning drops nodes, weights and inputs that no output needs, and leaves the given graph as it was', () => {
  const graph = example()
  const unused = addInput(graph, 'unused', 'float32', [3])
  op.exp(graph, op.mul(graph, unused, op.scalar(graph, 7)))
  const before = graph.nodes.length
  const small = prune(graph)
  expect(small.inputs.map((input) => input.name)).toEqual(['x'])
  expect(small.nodes.map((node) => node.op)).toEqual(['Cast', 'FusedMatMul', 'Mul', 'Softmax'])
  expect([...small.initializers.keys()].sort()).toEqual(['W', 'float32[]:0.5'])
  expect(graph.nodes.length).toBe(before)
})

test('names are never given twice', () => {
  const graph = example()
  const names = [
    ...graph.nodes.flatMap((node) => node.outputs),
    freshValue(graph, 'Mul', 'float32', []),
    freshValue(graph, 'Mul', 'float32', [])
  ]
  expect(new Set(names.map((value) => value.name)).size).toBe(names.length)
  expect(() => addInput(graph, 'x', 'float32', [])).toThrow('input x is declared once in example')
})
