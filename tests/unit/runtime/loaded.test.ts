/** Weights that are not in place: compressed, transposed, Fortran-ordered. */
import { expect, it } from 'vitest'
import { addExternal, addInput, addOutput, createGraph } from '../../../src/main/graph/create'
import * as op from '../../../src/main/graph/ops'
import type { Graph } from '../../../src/main/graph/types'
import { f32, floatsOf } from '../../../src/main/runtime'
import { loadWeights } from '../../../src/main/runtime/loaded'
import { readTensorFile, weightRef } from '../../../src/main/tensors/tensor-file'
import { CONTAINERS, GOLDEN } from '../../support/containers'
import { failureOf } from '../../support/failing'
import { runGraph } from '../../support/run-graph'

/** y = x W with the weight as its file holds it. */
async function product(file: string, name: string): Promise<{ graph: Graph; rows: number; values: readonly number[]; columns: number }> {
  const { shape, values } = GOLDEN[file]?.tensors[name] ?? { shape: [], values: [] }
  const ref = weightRef(await readTensorFile(`${CONTAINERS}/${file}`), name, shape, 'the test')
  const graph = createGraph('product')
  const [rows = 0, columns = 0] = shape
  const x = addInput(graph, 'x', 'float32', ['n', rows])
  addOutput(graph, 'y', op.matMul(graph, x, op.cast(graph, addExternal(graph, 'W', ref.type, ref.shape, ref), 'float32')))
  return { graph, rows, values, columns }
}

it.each([
  ['plain.npz', 'full'],
  ['zip64.npz', 'half'],
  ['packed.npz', 'full'],
  ['fortran.npz', 'half'],
  ['fortran-packed.npz', 'full'],
  ['big-endian.npz', 'full'],
  ['tensors.pt', 'full'],
  ['tensors.pt', 'rows'],
  ['tensors.pt', 'columns'],
  ['tensors.pt', 'transposed'],
  ['tensors.pt', 'transposed_half'],
  ['tensors.pt', 'brain'],
  ['tensors.pt', 'double']
])('a product with %s %s', async (file, name) => {
  const { graph, rows, values, columns } = await product(file, name)
  // Rows of the identity pick the weight's own rows: sums of one number and zeros, so the comparison is exact.
  const identity = Float32Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) === 0 ? 1 : 0))
  const outputs = await runGraph(graph, { x: f32([rows, rows], identity) }, CONTAINERS)
  expect([...floatsOf(outputs, 'y')]).toEqual(values)
  expect(values.length).toBe(rows * columns)
})

it('more than fits inside the model is refused before it is read', async () => {
  const { graph } = await product('packed.npz', 'full')
  expect(await failureOf(() => loadWeights(graph, 47))).toBe(
    'packed.npz holds 48 bytes of weights compressed or transposed, more than the 47 that are brought into order in memory. ' +
      'Save it again uncompressed and contiguous: as safetensors, with numpy.savez, or after tensor.contiguous().'
  )
  expect((await loadWeights(graph, 48)).initializers.get('W')).toHaveProperty('data')
})
