import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import type { ProcessState } from '../../../src/shared/contract/shell'
import { backoff, createSupervisor, type Child } from '../../../src/main/shell/supervise'

/** A process that echoes on its port, ends when told to, and hangs when told to. */
const BODY = `
const { parentPort } = require('node:worker_threads')
parentPort.on('message', ({ message, port }) => {
  if (port) port.on('message', (text) => {
    if (text === 'die') process.exit(7)
    if (text === 'hang') for (;;) {}
    port.postMessage('echo ' + text)
  })
  if (message === 'close') parentPort.postMessage('closed')
})
parentPort.postMessage('ready')
`

const workers: Worker[] = []
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()))
})

function start() {
  const states: ProcessState[] = []
  const log: string[] = []
  const supervisor = createSupervisor<MessagePort>({
    fork(): Child<MessagePort> {
      const worker = new Worker(BODY, { eval: true })
      workers.push(worker)
      return {
        post: (message, ports = []) => worker.postMessage({ message, port: ports[0] }, ports),
        onMessage: (listener) => void worker.on('message', listener),
        onExit: (listener) => void worker.on('exit', listener),
        kill: () => void worker.terminate()
      }
    },
    onState: (state) => states.push(state),
    log: (text) => log.push(text)
  })
  supervisor.start()
  return { supervisor, states, log }
}

async function ask(supervisor: ReturnType<typeof start>['supervisor'], text: string): Promise<unknown> {
  const { port1, port2 } = new MessageChannel()
  supervisor.connect(port1)
  port2.postMessage(text)
  const answer = await new Promise((resolve) => {
    port2.once('message', resolve)
    port2.once('close', () => resolve('port closed'))
  })
  port2.close()
  return answer
}

it('starts a process, says when it is ready, and joins a port to it', async () => {
  const { supervisor, states } = start()
  await expect.poll(() => states).toEqual(['starting', 'ready'])
  expect(await ask(supervisor, 'hello')).toBe('echo hello')
})

it('starts a process that ended again, closing its ports and counting', async () => {
  const { supervisor, states, log } = start()
  await expect.poll(() => supervisor.state).toBe('ready')
  expect(await ask(supervisor, 'die')).toBe('port closed')
  await expect.poll(() => states, { timeout: 5000 }).toEqual(['starting', 'ready', 'stopped', 'starting', 'ready'])
  expect(supervisor.restarts).toBe(1)
  expect(log).toEqual([expect.stringMatching(/^ended with 7 after \d+ ms$/)])
  expect(await ask(supervisor, 'again')).toBe('echo again')
})

it('restarts a process that hangs, on request', async () => {
  const { supervisor, states } = start()
  await expect.poll(() => supervisor.state).toBe('ready')
  const hanging = ask(supervisor, 'hang')
  supervisor.restart()
  expect(await hanging).toBe('port closed')
  await expect.poll(() => states, { timeout: 5000 }).toEqual(['starting', 'ready', 'stopped', 'starting', 'ready'])
})

it('closes a process after it said that it is done, and does not start it again', async () => {
  const { supervisor, states } = start()
  await expect.poll(() => supervisor.state).toBe('ready')
  await supervisor.close(5000)
  await expect.poll(() => states).toEqual(['starting', 'ready', 'stopped'])
})

it('does not wait for longer than it is told when closing', async () => {
  const { supervisor } = start()
  await expect.poll(() => supervisor.state).toBe('ready')
  void ask(supervisor, 'hang')
  const before = Date.now()
  await supervisor.close(50)
  expect(Date.now() - before).toBeLessThan(2000)
  await expect.poll(() => supervisor.state).toBe('stopped')
})

it('waits longer after each end in a row, up to a bound', () => {
  expect([1, 2, 3, 4, 20].map(backoff)).toEqual([200, 400, 800, 1600, 8000])
})
