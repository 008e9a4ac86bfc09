import { resolve } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import type { ShellBridge } from '../../src/shared/contract/shell'
import { launchWorkbench, type Workbench } from '../support/electron'

/** What these tests keep in the page: a port of their own to the engine, beside the one the bridge uses. */
interface PageWindow {
  workbench: ShellBridge
  enginePorts: MessagePort[]
  engineStates: string[]
  engineAnswers: { id: number; type: string }[]
}

const MODEL = resolve('models/storyteller/model')
const SAE = resolve('models/storyteller/saes/blocks.3.hook_resid_post-topk-2048')
const RECIPES = Array.from({ length: 15 }, (_, i) => ({
  id: String(i),
  name: `add ${i}`,
  interventions: [{ latent: i, mode: 'add', coefficient: 1, positions: 'all' }],
  keepError: true
}))
/** Seconds of work on any machine: sixteen columns of a long generation, and their second pass. */
const LONG = {
  model: MODEL,
  sae: SAE,
  prompt: { text: 'Once upon a time' },
  recipes: RECIPES,
  settings: { maxTokens: 450, temperature: 1, topK: 0, topP: 1, seed: 1, stopAtEnd: false }
}
const SHORT = { ...LONG, recipes: [], settings: { ...LONG.settings, maxTokens: 2 } }

let workbench: Workbench

test.beforeAll(async () => {
  workbench = await launchWorkbench()
  // The window closes the port it has when a newer one comes, so its own must have come before.
  await expect(workbench.page.getByTestId('engine-state')).toContainText('Engine ready')
  await workbench.page.evaluate(async () => {
    const own = window as unknown as PageWindow
    Object.assign(own, { enginePorts: [], engineStates: [], engineAnswers: [] })
    window.addEventListener('message', (event) => {
      if (event.data?.process !== 'engine') return
      for (const port of event.ports) {
        own.enginePorts.push(port)
        port.addEventListener('message', ({ data }) => own.engineAnswers.push(data))
        port.start()
      }
    })
    own.workbench.onEvent((event) => {
      const { process, state } = event as { process?: string; state: string }
      if (process === 'engine') own.engineStates.push(state)
    })
    await own.workbench.call('process.connect', { process: 'engine' })
  })
  await expect.poll(enginePorts).toBe(1)
})

test.afterAll(async () => {
  await workbench.close()
})

/** Sends a message on the newest port; numbers are far from the bridge's own. */
function post(page: Page, message: { type: 'call' | 'cancel'; id: number; name?: string; input?: unknown }): Promise<void> {
  return page.evaluate((sent) => {
    const port = (window as unknown as PageWindow).enginePorts.at(-1)
    if (port === undefined) throw new Error('The engine has sent no port yet.')
    port.postMessage(sent)
  }, message)
}

/** How many ports the engine has sent to the page: one more each time it comes back. */
function enginePorts(): Promise<number> {
  return workbench.page.evaluate(() => (window as unknown as PageWindow).enginePorts.length)
}

/** Types of the answers to the call `id` so far, each once. */
function answers(page: Page, id: number): Promise<string[]> {
  return page.evaluate(
    (wanted) => [
      ...new Set((window as unknown as PageWindow).engineAnswers.filter((answer) => answer.id === wanted).map(({ type }) => type))
    ],
    id
  )
}

async function enginePid(): Promise<number> {
  const metrics = await workbench.app.evaluate(({ app }) => app.getAppMetrics())
  return metrics.find(({ name }) => name === 'gradsae-engine')?.pid ?? 0
}

const call = (id: number, input: object) => post(workbench.page, { type: 'call', id, name: 'steering.compare', input })

test('the engine answers in the app as it does on the command line', async () => {
  await call(700_001, SHORT)
  await expect.poll(() => answers(workbench.page, 700_001), { timeout: 30_000 }).toContain('result')
})

test('the main process and the page stay responsive while the engine works', async () => {
  const { page } = workbench
  await call(700_002, LONG)
  await expect.poll(() => answers(page, 700_002)).toContain('event')
  const waits = await page.evaluate(async () => {
    const { workbench: bridge } = window as unknown as PageWindow
    const times: number[] = []
    for (let i = 0; i < 40; i++) {
      const before = performance.now()
      await bridge.call('app.info', {})
      times.push(performance.now() - before)
      await new Promise((done) => setTimeout(done, 10))
    }
    return times.sort((a, b) => a - b)
  })
  expect(await answers(page, 700_002)).not.toContain('result')
  // The 90th percentile: on a build machine other programs may hold both cores for a moment.
  expect(waits[35]).toBeLessThan(50)
})

test('a running call is cancelled between two tokens', async () => {
  const { page } = workbench
  await post(page, { type: 'cancel', id: 700_002 })
  await expect.poll(async () => (await answers(page, 700_002)).some((type) => type === 'cancelled' || type === 'result')).toBe(true)
})

test('an engine killed in the middle of a run comes back and works', async () => {
  const { page } = workbench
  await call(700_003, LONG)
  await expect.poll(() => answers(page, 700_003)).toContain('event')
  const before = await enginePid()
  const ports = await enginePorts()
  process.kill(before, 'SIGKILL')
  await expect
    .poll(() => page.evaluate(() => (window as unknown as PageWindow).engineStates.slice(-3)))
    .toEqual(['stopped', 'starting', 'ready'])
  expect(await answers(page, 700_003)).not.toContain('result')
  expect(await enginePid()).not.toBe(before)
  await expect.poll(enginePorts).toBeGreaterThan(ports)
  await call(700_004, SHORT)
  await expect.poll(() => answers(page, 700_004), { timeout: 30_000 }).toContain('result')
})

test('an engine that cannot hear a cancel is ended on request', async () => {
  const { page } = workbench
  const before = await enginePid()
  await call(700_005, LONG)
  await page.evaluate(() => (window as unknown as PageWindow).workbench.call('process.restart', { process: 'engine' }))
  await expect.poll(async () => ((await enginePid()) || before) !== before).toBe(true)
  await expect.poll(() => page.evaluate(() => (window as unknown as PageWindow).engineStates.at(-1))).toBe('ready')
})
