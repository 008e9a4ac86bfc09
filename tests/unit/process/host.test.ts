import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { serve, type HostOptions } from '../../../src/main/process/host'
import { nodePort } from '../../../src/main/process/node-port'
import { createClient, plain } from '../../../src/shared/client'
import type { Handlers } from '../../../src/shared/contract'
import { call } from '../../../src/shared/contract/call'
import { Cancelled, fail } from '../../../src/shared/errors'
import { breathe } from '../../../src/shared/task'

const calls = {
  add: call({ input: z.object({ a: z.number(), b: z.number().default(1) }), output: z.object({ sum: z.number() }) }),
  count: call({ input: z.object({ to: z.number() }), output: z.object({ counted: z.number() }), event: z.object({ n: z.number() }) }),
  busy: call({ input: z.object({ steps: z.number() }), output: z.object({}) }),
  wait: call({ input: z.object({}), output: z.object({}) }),
  refuse: call({ input: z.object({}), output: z.object({}) }),
  crash: call({ input: z.object({}), output: z.object({}) }),
  lie: call({ input: z.object({}), output: z.object({ n: z.number() }) }),
  leak: call({ input: z.object({}), output: z.object({ f: z.unknown() }) }),
  floats: call({ input: z.object({ values: z.instanceof(Float32Array) }), output: z.object({ values: z.instanceof(Float32Array) }) })
}

const handlers: Handlers<typeof calls> = {
  add: ({ a, b }) => ({ sum: a + b }),
  async count({ to }, task) {
    for (let n = 0; n < to; n++) {
      await breathe(task)
      task.emit({ n })
    }
    return { counted: to }
  },
  busy({ steps }, task) {
    for (let done = 1; done <= steps; done++) task.progress('stepping', done, steps)
    return {}
  },
  async wait(_input, task) {
    for (;;) await breathe(task)
  },
  refuse: () => fail('LATENT_UNKNOWN', { sae: 'tiny', latent: 9, last: 7 }),
  crash: () => {
    throw new TypeError('x is not a function')
  },
  lie: () => JSON.parse('{"n":"one"}') as { n: number },
  leak: () => ({ f: () => 1 }),
  floats: ({ values }) => ({ values })
}

const open: MessagePort[] = []
afterEach(() => {
  for (const port of open.splice(0)) port.close()
})

function connect(options: HostOptions = { validateOutput: true }) {
  const { port1, port2 } = new MessageChannel()
  open.push(port1, port2)
  serve(nodePort(port1), calls, handlers, options)
  const client = createClient<typeof calls>({ process: 'engine', waitMilliseconds: 100 })
  client.connect(nodePort(port2))
  return { client, host: port1, raw: port2 }
}

const caught = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (thrown: unknown) => thrown
  )

describe('a client and a host over a message channel', () => {
  it('answers a call, with defaults filled in by the host', async () => {
    expect(await connect().client.call('add', { a: 2 })).toEqual({ sum: 3 })
  })

  it('carries typed arrays', async () => {
    const values = new Float32Array([0.5, -1])
    expect(await connect().client.call('floats', { values })).toEqual({ values })
  })

  it('streams events in order, before the result', async () => {
    const seen: number[] = []
    const result = await connect().client.call('count', { to: 5 }, { onEvent: ({ n }) => seen.push(n) })
    expect([seen, result]).toEqual([[0, 1, 2, 3, 4], { counted: 5 }])
  })

  it('keeps calls that run at the same time apart', async () => {
    const { client } = connect()
    const [a, b] = [[] as number[], [] as number[]]
    await Promise.all([
      client.call('count', { to: 3 }, { onEvent: ({ n }) => a.push(n) }),
      client.call('count', { to: 2 }, { onEvent: ({ n }) => b.push(n) })
    ])
    expect([a, b]).toEqual([
      [0, 1, 2],
      [0, 1]
    ])
  })

  it('thins out progress, but always tells the first and the last step', async () => {
    const seen: number[] = []
    await connect().client.call('busy', { steps: 100_000 }, { onProgress: ({ done }) => seen.push(done) })
    expect([seen[0], seen.at(-1)]).toEqual([1, 100_000])
    // 100,000 steps take well under ten seconds, which is 300 messages at one per 33 ms
    expect(seen.length).toBeLessThan(300)
  })

  it('cancels a running call, which rejects with Cancelled', async () => {
    const abort = new AbortController()
    const promise = connect().client.call('wait', {}, { signal: abort.signal })
    setTimeout(() => abort.abort(), 10)
    expect(await caught(promise)).toBeInstanceOf(Cancelled)
  })

  it('does not even start a call that was cancelled before', async () => {
    expect(await caught(connect().client.call('wait', {}, { signal: AbortSignal.abort() }))).toBeInstanceOf(Cancelled)
  })

  it('brings an error across with code, text and remedy', async () => {
    expect(await caught(connect().client.call('refuse', {}))).toMatchObject({
      code: 'LATENT_UNKNOWN',
      message: 'The SAE tiny has no latent 9.',
      fix: 'Its latents are numbered 0 to 7.'
    })
  })

  it('turns an unknown exception into UNEXPECTED with its stack, and tells the log', async () => {
    const logged: string[] = []
    const { client } = connect({ onUnexpected: (name) => logged.push(name) })
    const error = await caught(client.call('crash', {}))
    expect(error).toMatchObject({ code: 'UNEXPECTED', message: 'Something went wrong that should not have: x is not a function.' })
    expect(error).toHaveProperty('details', expect.stringContaining('TypeError'))
    expect(logged).toEqual(['crash'])
  })

  it('refuses an input that does not fit, naming call and field', async () => {
    const error = await caught(connect().client.call('add', JSON.parse('{"a":"two"}')))
    expect(error).toMatchObject({
      code: 'CALL_INVALID',
      message: expect.stringMatching(/^The call add was refused: its input does not fit: .*number.*a/s)
    })
  })

  it.each(['nothing', 'constructor', '__proto__', 'toString'])('refuses the unknown call %s', async (name) => {
    const error = await caught(connect().client.call(name as 'add', { a: 1 }))
    expect(error).toMatchObject({ code: 'CALL_INVALID', message: `The call ${name} was refused: there is no such call.` })
  })

  it('refuses an output that does not fit when it is told to check', async () => {
    expect(await caught(connect().client.call('lie', {}))).toMatchObject({ code: 'CALL_INVALID' })
    expect(await connect({}).client.call('lie', {})).toEqual({ n: 'one' })
  })

  it('answers with an error when an output cannot be sent', async () => {
    expect(await caught(connect().client.call('leak', {}))).toMatchObject({
      code: 'UNEXPECTED',
      message: expect.stringContaining('could not be cloned')
    })
  })

  it('drops hostile messages and goes on', async () => {
    const { client, raw } = connect()
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const hostile = [
      null,
      1,
      'call',
      [],
      {},
      cyclic,
      { type: 'call' },
      { type: 'call', id: 'x', name: 'add' },
      { type: 'cancel', id: 99 },
      { type: 'nonsense', id: 1 }
    ]
    for (const message of hostile) raw.postMessage(message)
    expect(await client.call('add', { a: 1, b: 1 })).toEqual({ sum: 2 })
  })

  it('ignores a second call with a number that is in use', async () => {
    const { raw } = connect()
    const answers: unknown[] = []
    raw.on('message', (message) => answers.push(message))
    raw.postMessage({ type: 'call', id: 1000, name: 'count', input: { to: 1 } })
    raw.postMessage({ type: 'call', id: 1000, name: 'add', input: { a: 1 } })
    await expect.poll(() => answers).toHaveLength(2)
    // Whatever else the second one was answered with would come before the answer to this one.
    raw.postMessage({ type: 'call', id: 1001, name: 'add', input: { a: 1 } })
    await expect.poll(() => answers.at(-1)).toMatchObject({ id: 1001 })
    expect(answers).toEqual([
      { type: 'event', id: 1000, event: { n: 0 } },
      { type: 'result', id: 1000, output: { counted: 1 } },
      { type: 'result', id: 1001, output: { sum: 2 } }
    ])
  })
})

describe('a client whose process ends', () => {
  it('fails pending calls with ENGINE_STOPPED', async () => {
    const { client, host } = connect()
    const promise = caught(client.call('wait', {}))
    await new Promise((resolve) => setImmediate(resolve))
    host.close()
    expect(await promise).toMatchObject({ code: 'ENGINE_STOPPED', message: 'The engine process stopped while it was working on this.' })
  })

  it('cancels on the host what ran for a port that closed', async () => {
    const { port1, port2 } = new MessageChannel()
    open.push(port1)
    let signal: AbortSignal | undefined
    serve(nodePort(port1), calls, { ...handlers, wait: (_input, task) => new Promise(() => (signal = task.signal)) })
    port2.postMessage({ type: 'call', id: 1, name: 'wait', input: {} })
    await expect.poll(() => signal).toBeDefined()
    port2.close()
    await once(port1, 'close')
    expect(signal?.aborted).toBe(true)
  })

  it('lets calls made meanwhile wait for the new port', async () => {
    const { client } = connect()
    client.disconnect()
    const promise = client.call('add', { a: 4, b: 4 })
    const { port1, port2 } = new MessageChannel()
    open.push(port1, port2)
    serve(nodePort(port1), calls, handlers)
    client.connect(nodePort(port2))
    expect(await promise).toEqual({ sum: 8 })
  })

  it('gives up waiting after the bound, and at once when cancelled', async () => {
    const client = createClient<typeof calls>({ process: 'archive', waitMilliseconds: 20 })
    expect(await caught(client.call('add', { a: 1 }))).toMatchObject({
      message: 'The archive process stopped while it was working on this.'
    })
    const abort = new AbortController()
    const promise = client.call('add', { a: 1 }, { signal: abort.signal })
    abort.abort()
    expect(await caught(promise)).toBeInstanceOf(Cancelled)
  })

  it('fails what was pending on an earlier port when it gets another', async () => {
    const { client } = connect()
    const promise = caught(client.call('wait', {}))
    await new Promise((resolve) => setImmediate(resolve))
    const { port1, port2 } = new MessageChannel()
    open.push(port1, port2)
    client.connect(nodePort(port2))
    expect(await promise).toMatchObject({ code: 'ENGINE_STOPPED' })
  })
})

it('makes plain data of reactive proxies and leaves binary data alone', () => {
  const values = new Float32Array(2)
  const proxy = new Proxy({ list: new Proxy([{ a: 1 }], {}), values }, {})
  const copy = plain(proxy) as { list: unknown; values: unknown }
  expect(structuredClone(copy)).toEqual({ list: [{ a: 1 }], values })
  expect(copy.values).toBe(values)
})
