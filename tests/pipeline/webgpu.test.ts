import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { gradient } from '../../src/main/autodiff/gradient'
import { addInput, addOutput, createGraph } from '../../src/main/graph/create'
import * as op from '../../src/main/graph/ops'
import type { Graph } from '../../src/main/graph/types'
import { f32, floatsOf, openSession } from '../../src/main/runtime'

/** Debian's chromium brings SwiftShader, a graphics card in software; the Vulkan loader is the package libvulkan1. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'
const LOADER = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1'

/** One pre-norm attention and MLP block with its gradient: the ops every model uses. */
function block(): Graph {
  const g = createGraph('block')
  const x = addInput(g, 'x', 'float32', ['batch', 'seq', 8])
  const weights = (size: number, seed: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i * 1.7) / 3)
  const W = (seed: number, n: number, m: number): ReturnType<typeof op.float32s> => op.float32s(g, [n, m], weights(n * m, seed))
  const gain = op.float32s(g, [8], new Float32Array(8).fill(1.1))
  const n1 = op.rmsNorm(g, x, gain, 1e-5)
  const [q, k, v] = [1, 2, 3].map((seed) => op.matMul(g, n1, W(seed, 8, 8)))
  if (!q || !k || !v) throw new Error('three projections')
  const attention = op.softmax(g, op.matMul(g, q, k, { transB: true, alpha: 1 / Math.sqrt(8) }))
  const mid = op.add(g, x, op.matMul(g, attention, v))
  const n2 = op.layerNorm(g, mid, gain, null, 1e-5)
  const y = op.add(g, mid, op.matMul(g, op.gelu(g, op.matMul(g, n2, W(4, 8, 16)), 'tanh'), W(5, 16, 8)))
  const last = op.gather(g, y, op.int64s(g, [-1]), 1)
  const target = op.reduceSum(g, op.gather(g, op.logSoftmax(g, last), op.int64s(g, [3]), 2))
  addOutput(g, 'y', y)
  addOutput(g, 'wave', op.add(g, op.sin(g, op.mul(g, x, op.scalar(g, 500))), op.cos(g, x)))
  gradient(g, target, [x]).forEach((dx) => addOutput(g, 'dx', dx))
  return g
}

test('forward and backward on WebGPU agree with the CPU, or the CPU takes over and says so', async () => {
  const emulated = existsSync(SWIFTSHADER) && existsSync(LOADER)
  if (emulated) process.env.VK_ICD_FILENAMES = SWIFTSHADER
  else process.env.VK_ICD_FILENAMES = '/nonexistent'
  const feeds = {
    x: f32(
      [2, 5, 8],
      Float32Array.from({ length: 80 }, (_, i) => Math.cos(i * 0.9))
    )
  }
  const cpu = await openSession(block(), { device: 'cpu', doing: 'testing' })
  const gpu = await openSession(block(), { device: 'webgpu', doing: 'testing' })
  try {
    expect(gpu.device.requested).toBe('webgpu')
    expect(gpu.device.used).toBe(emulated ? 'webgpu' : 'cpu')
    if (emulated) expect(gpu.device.note).toBe('')
    else expect(gpu.device.note).toMatch(/^webgpu did not work \(.+\); the CPU is used$/)
    const [expected, found] = [await cpu.run(feeds), await gpu.run(feeds)]
    for (const name of ['y', 'dx', 'wave']) {
      const exact = floatsOf(expected, name)
      // float32 on both sides, sums of at most 16 products in another order: a few units of 6e-8, of numbers up to 3.
      floatsOf(found, name).forEach((value, i) => expect(value).toBeCloseTo(exact[i] ?? NaN, 5))
    }
  } finally {
    await Promise.all([cpu.release(), gpu.release()])
  }
})

test('a graph without sine or cosine runs on WebGPU too', async () => {
  const emulated = existsSync(SWIFTSHADER) && existsSync(LOADER)
  process.env.VK_ICD_FILENAMES = emulated ? SWIFTSHADER : '/nonexistent'
  const graph = createGraph('product')
  const x = addInput(graph, 'x', 'float32', ['n', 2])
  addOutput(graph, 'y', op.matMul(graph, x, op.float32s(graph, [2, 2], Float32Array.from([1, 2, 3, 4]))))
  const session = await openSession(graph, { device: 'webgpu', doing: 'testing' })
  try {
    expect(session.device.used).toBe(emulated ? 'webgpu' : 'cpu')
    expect([...floatsOf(await session.run({ x: f32([1, 2], [1, 1]) }), 'y')]).toEqual([4, 6])
  } finally {
    await session.release()
  }
})
