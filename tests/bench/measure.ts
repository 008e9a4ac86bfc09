/** Timing, memory and the machine's own speed. */
import { createGraph, addInput, addOutput } from '../../src/main/graph/create'
import * as op from '../../src/main/graph/ops'
import { f32, openSession } from '../../src/main/runtime'

/** Milliseconds of each of `runs` calls after `warmUp` calls that are not counted. */
export async function time(runs: number, warmUp: number, call: () => Promise<unknown>): Promise<number[]> {
  for (let run = 0; run < warmUp; run++) await call()
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const begin = performance.now()
    await call()
    times.push(performance.now() - begin)
  }
  return times
}

/** Middle value; the mean of the middle two for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2
}

/** This machine's float32 matrix-multiply rate through the same runtime, in 10^9 operations a second: best of several 1024 x 1024 products. */
export async function matMulRate(): Promise<number> {
  const size = 1024
  const graph = createGraph('matmul-rate')
  const left = addInput(graph, 'left', 'float32', [size, size])
  const right = addInput(graph, 'right', 'float32', [size, size])
  addOutput(graph, 'product', op.matMul(graph, left, right))
  const session = await openSession(graph, { device: 'cpu', doing: 'measuring the machine' })
  const ones = f32([size, size], new Float32Array(size * size).fill(1))
  const times = await time(15, 3, () => session.run({ left: ones, right: ones }))
  await session.release()
  return (2 * size ** 3) / Math.min(...times) / 1e6
}

/** Largest resident memory of this process so far, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024
}
