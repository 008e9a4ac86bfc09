import { openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { addExternal, addInput, addOutput, createGraph } from '../../../src/main/graph/create'
import * as op from '../../../src/main/graph/ops'
import { f32, floatsOf, i64, integersOf } from '../../../src/main/runtime'
import { runGraph } from '../../support/run-graph'

const MODEL = resolve('models/storyteller/model')

test('a matrix product runs and its outputs are named as declared', async () => {
  const graph = createGraph('smoke')
  const a = addInput(graph, 'a', 'float32', ['n', 3])
  const b = addInput(graph, 'b', 'float32', [2, 3])
  addOutput(graph, 'y', op.matMul(graph, a, b, { transB: true }))
  const outputs = await runGraph(graph, { a: f32([1, 3], [1, 2, 3]), b: f32([2, 3], [1, 0, 0, 0, 1, 1]) })
  expect(Array.from(floatsOf(outputs, 'y'))).toEqual([1, 5])
  expect(outputs.y?.dims).toEqual([1, 2])
})

test('weights are read in place out of a safetensors file of the model folder', async () => {
  const { offset, embedding } = firstEmbeddingRows()
  const graph = createGraph('external')
  const W = addExternal(graph, 'W', 'float16', [2048, 192], { file: 'model.safetensors', offset, length: 2048 * 192 * 2 })
  const ids = addInput(graph, 'ids', 'int64', ['n'])
  const rows = op.gather(graph, op.cast(graph, W, 'float32'), ids)
  addOutput(graph, 'rows', rows)
  addOutput(graph, 'count', op.dimOf(graph, rows, 0))
  const outputs = await runGraph(graph, { ids: i64([2], [1, 0]) }, MODEL)
  expect(integersOf(outputs, 'count')).toEqual([2])
  expect(floatsOf(outputs, 'rows')[192]).toBeCloseTo(halfToNumber(embedding[0] ?? 0), 12)
  expect(floatsOf(outputs, 'rows')[1]).toBeCloseTo(halfToNumber(embedding[193] ?? 0), 12)
})

function firstEmbeddingRows(): { offset: number; embedding: Uint16Array } {
  const file = openSync(resolve(MODEL, 'model.safetensors'), 'r')
  const size = Buffer.alloc(8)
  readSync(file, size, 0, 8, 0)
  const headerLength = Number(size.readBigUInt64LE())
  const header = Buffer.alloc(headerLength)
  readSync(file, header, 0, headerLength, 8)
  const tensors: Record<string, { data_offsets: [number, number] }> = JSON.parse(header.toString('utf8'))
  const offset = 8 + headerLength + (tensors['model.embed_tokens.weight']?.data_offsets[0] ?? NaN)
  const bytes = Buffer.alloc(2 * 192 * 2)
  readSync(file, bytes, 0, bytes.length, offset)
  return { offset, embedding: new Uint16Array(bytes.buffer, bytes.byteOffset, 2 * 192) }
}

/** IEEE 754 half precision. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
