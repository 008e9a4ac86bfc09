/** Whether an accelerator really works: it loads a small matrix product and agrees with the exact result. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { addInput, addOutput, createGraph } from '../graph/create'
import { matMul } from '../graph/ops'
import { serialise } from '../graph/serialise'
import { sessionOptions } from './options'
import { reasonOf } from './reason'
import type { RealDevice } from './types'

const SIZE = 64
/** float32 rounds a sum of 64 products to about 1e-6 of its size; half precision and TensorFloat-32 miss by 1e-4 and more. */
const TOLERANCE = 2e-5

/** null when the device works, otherwise why it does not. */
export async function probe(device: RealDevice): Promise<string | null> {
  const graph = createGraph('probe')
  const a = addInput(graph, 'a', 'float32', [SIZE, SIZE])
  addOutput(graph, 'product', matMul(graph, a, a, { transB: true }))
  try {
    const session = await InferenceSession.create(serialise(graph), sessionOptions(graph, device, {}))
    try {
      const data = Float32Array.from({ length: SIZE * SIZE }, (_, index) => Math.cos(index * index))
      const { product } = await session.run({ a: new Tensor('float32', data, [SIZE, SIZE]) })
      const error = product?.data instanceof Float32Array ? largestError(data, product.data) : Infinity
      return error <= TOLERANCE ? null : `its numbers are off by ${error.toExponential(1)}`
    } finally {
      await session.release()
    }
  } catch (error) {
    return reasonOf(error)
  }
}

/** Largest difference from A A^T in float64, relative to the largest entry. */
function largestError(a: Float32Array, product: Float32Array): number {
  let [error, scale] = [0, 0]
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      let exact = 0
      for (let k = 0; k < SIZE; k++) exact += (a[row * SIZE + k] ?? 0) * (a[column * SIZE + k] ?? 0)
      error = Math.max(error, Math.abs(exact - (product[row * SIZE + column] ?? NaN)))
      scale = Math.max(scale, Math.abs(exact))
    }
  }
  return error / scale
}
