import { expect, test } from 'vitest'
import { addExternal, addInput, addOutput, createGraph } from '../../../src/main/graph/create'
import * as op from '../../../src/main/graph/ops'
import type { Graph } from '../../../src/main/graph/types'
import { f32, i64, listDevices, openSession } from '../../../src/main/runtime'
import { reasonOf } from '../../../src/main/runtime/reason'
import { runGraph } from '../../support/run-graph'

function doubler(): Graph {
  const graph = createGraph('doubler')
  const x = addInput(graph, 'x', 'float32', ['n', 2])
  addOutput(graph, 'y', op.add(graph, x, x))
  return graph
}

test('feeding the wrong shape fails with what was being done and what the runtime says', async () => {
  const running = runGraph(doubler(), { x: f32([2], [1, 2]) })
  await expect(running).rejects.toMatchObject({
    code: 'RUNTIME_FAILED',
    message: expect.stringMatching(/^The inference runtime failed while testing doubler: .*Invalid rank for input: x/),
    fix: 'Try the CPU device. If it goes on, copy the details and report them.'
  })
})

test('a weights file that is missing fails with its name', async () => {
  const graph = createGraph('lost')
  addOutput(graph, 'y', op.exp(graph, addExternal(graph, 'W', 'float32', [2], { file: 'no-such-file.safetensors', offset: 0, length: 8 })))
  const opening = openSession(graph, { device: 'cpu', doing: 'loading the model', folder: process.cwd() })
  await expect(opening).rejects.toMatchObject({ code: 'RUNTIME_FAILED', message: expect.stringContaining('no-such-file.safetensors') })
})

test('more memory than there is fails as such', async () => {
  const graph = createGraph('huge')
  const n = addInput(graph, 'n', 'int64', ['n'])
  const size = op.reshape(graph, op.gather(graph, n, op.int64s(graph, [0])), [1])
  const petabyte = op.range(graph, op.scalar(graph, 0, 'int64'), op.reshape(graph, size, []), op.scalar(graph, 1, 'int64'), 'size')
  addOutput(graph, 'y', petabyte)
  await expect(runGraph(graph, { n: i64([1], [2 ** 47]) })).rejects.toMatchObject({
    code: 'OUT_OF_MEMORY',
    message: 'There was not enough memory while testing huge.'
  })
})

test('a released session cannot be run', async () => {
  const session = await openSession(doubler(), { device: 'cpu', doing: 'running' })
  await session.release()
  await expect(session.run({ x: f32([1, 2], [1, 2]) })).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
})

test('only the outputs asked for are fetched', async () => {
  const graph = doubler()
  addOutput(graph, 'z', op.scalar(graph, 1))
  const session = await openSession(graph, { device: 'cpu', doing: 'running' })
  expect(Object.keys(await session.run({ x: f32([1, 2], [1, 2]) }, ['z']))).toEqual(['z'])
  await session.release()
})

test('a device this runtime does not offer is replaced by the CPU, with a note', async () => {
  const missing = process.platform === 'win32' ? 'coreml' : 'dml'
  const session = await openSession(doubler(), { device: missing, doing: 'running' })
  expect(session.device.requested).toBe(missing)
  expect(session.device.used).toBe('cpu')
  expect(session.device.note).toMatch(new RegExp(`^${missing} is not available here \\(.+\\); the CPU is used$`))
  await session.release()
})

test('every device is listed once, the CPU and auto as available, the others with a reason', async () => {
  const devices = await listDevices()
  expect(devices.map(({ device }) => device)).toEqual(['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
  expect(devices.slice(0, 2).every(({ available }) => available)).toBe(true)
  for (const { note } of devices) expect(note).not.toBe('')
})

test('auto runs on a device that works', async () => {
  const session = await openSession(doubler(), { device: 'auto', doing: 'running' })
  const { used } = session.device
  expect((await listDevices()).find(({ device }) => device === used)?.available).toBe(true)
  expect((await session.run({ x: f32([1, 2], [1, 2]) })).y?.data).toEqual(Float32Array.of(2, 4))
  await session.release()
})

test('the reasons of the runtime are shown without its source positions', () => {
  const text =
    '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 Initialize(const Config&)::<lambda()> status == Success was false. No supported\nadapters.'
  expect(reasonOf(new Error(text))).toBe('No supported adapters')
  expect(reasonOf('[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Got invalid dimensions')).toBe('Got invalid dimensions')
})
