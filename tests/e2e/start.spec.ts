import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import type { ShellBridge } from '../../src/shared/contract/shell'
import { CONTENT_SECURITY_POLICY } from '../../src/main/shell/assets'
import { launchArguments, launchWorkbench, type Workbench } from '../support/electron'

interface PageWindow {
  workbench: ShellBridge
  ports: MessagePort[]
  events: unknown[]
}

let workbench: Workbench

test.beforeAll(async () => {
  workbench = await launchWorkbench()
})

test.afterAll(async () => {
  await workbench.close()
})

/** The process id of a utility process, by the name the shell gave it. */
async function processId(name: string): Promise<number | undefined> {
  const metrics = await workbench.app.evaluate(({ app }) => app.getAppMetrics())
  return metrics.find((metric) => metric.name === name)?.pid
}

/** Collects in the page what the preload script brings: ports and shell events. */
async function collect(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const own = window as unknown as PageWindow
    own.ports = []
    own.events = []
    window.addEventListener('message', (event) => {
      if (event.data?.process === 'archive') own.ports.push(...event.ports)
    })
    own.workbench.onEvent((event) => own.events.push(event))
    await own.workbench.call('process.connect', { process: 'archive' })
  })
}

/** Asks the archive over the newest port, as the bridge does; its numbers are far from the bridge's own. */
function ask(page: Page, id: number): Promise<unknown> {
  return page.evaluate(async (number) => {
    const port = (window as unknown as PageWindow).ports.at(-1)
    if (port === undefined) return 'no port'
    return new Promise((resolve) => {
      port.addEventListener('message', (event) => {
        if (event.data.id === number) resolve(event.data.type)
      })
      port.start()
      port.postMessage({ type: 'call', id: number, name: 'settings.get', input: {} })
    })
  }, id)
}

test('the window opens on the built page and shows something', async () => {
  expect(workbench.page.url()).toBe('app://workbench/index.html')
  expect(await workbench.page.title()).toContain('GradSAE Workbench')
  await expect(workbench.page.locator('#app')).not.toBeEmpty()
})

test('the page comes with its policy, and the policy holds', async () => {
  const { page } = workbench
  const policy = await page.evaluate(async () => (await fetch('index.html')).headers.get('content-security-policy'))
  expect(policy).toBe(CONTENT_SECURITY_POLICY)
  // The inspector behind evaluate() is above the policy; what the page starts by itself is not.
  const ran = await page.evaluate(async () => {
    const inline = document.createElement('script')
    inline.textContent = 'document.body.dataset.inline = "ran"'
    document.body.append(inline)
    setTimeout('document.body.dataset.generated = "ran"')
    await new Promise((resolve) => setTimeout(resolve, 100))
    inline.remove()
    return { ...document.body.dataset }
  })
  expect(ran).toEqual({})
})

test('the page has no Node, only the bridge', async () => {
  const found = await workbench.page.evaluate(() => ['require', 'process', 'module', 'Buffer', 'electron'].filter((name) => name in window))
  expect(found).toEqual([])
  expect(await workbench.page.evaluate(() => Object.keys((window as unknown as PageWindow).workbench).sort())).toEqual(['call', 'onEvent'])
})

test('the page runs in its sandbox settings', async () => {
  const preferences = await workbench.app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    const { contextIsolation, nodeIntegration, webviewTag } = (
      window?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
    ).getLastWebPreferences()
    return { contextIsolation, nodeIntegration, webviewTag }
  })
  expect(preferences).toEqual({ contextIsolation: true, nodeIntegration: false, webviewTag: false })
})

test('the main process answers, and refuses what is not in the contract', async () => {
  const call = (name: string, input: unknown) =>
    workbench.page.evaluate(([n, i]) => (window as unknown as PageWindow).workbench.call(n as string, i), [name, input])
  expect(await call('app.info', {})).toMatchObject({ ok: true, output: { name: 'GradSAE Workbench', userData: workbench.userData } })
  expect(await call('app.quit', {})).toMatchObject({ ok: false, error: { code: 'CALL_INVALID' } })
  expect(await call('theme.set', { theme: 'pink' })).toMatchObject({ ok: false, error: { code: 'CALL_INVALID' } })
})

test('only files the user chose can be opened from the page', async () => {
  const answer = await workbench.page.evaluate(() =>
    (window as unknown as PageWindow).workbench.call('shell.openReport', { path: '/etc/hostname' })
  )
  expect(answer).toMatchObject({ ok: false, error: { message: '/etc/hostname cannot be read: it was not chosen in this window.' } })
})

test('the bundled models are where the app says', async () => {
  const answer = await workbench.page.evaluate(() => (window as unknown as PageWindow).workbench.call('app.info', {}))
  const models = (answer as unknown as { output: { bundledModels: string } }).output.bundledModels
  expect(existsSync(join(models, 'storyteller', 'model', 'config.json'))).toBe(true)
})

test('nothing leaves the machine: requests, windows and pages elsewhere are refused', async () => {
  const { app, page } = workbench
  const outcomes = await app.evaluate(async ({ net, session }) => {
    const reach = async (url: string): Promise<string> => {
      try {
        return String((await session.defaultSession.fetch(url)).status)
      } catch (thrown) {
        return String((thrown as Error).message)
      }
    }
    return { http: await reach('http://127.0.0.1:9/'), https: await reach('https://example.org/'), online: net.isOnline() }
  })
  expect(outcomes.http).toContain('ERR_BLOCKED_BY_CLIENT')
  expect(outcomes.https).toContain('ERR_BLOCKED_BY_CLIENT')
  expect(await page.evaluate(() => window.open('https://example.org/') === null)).toBe(true)
  await page.evaluate(() => void (window.location.href = 'https://example.org/'))
  await page.waitForTimeout(200)
  expect(page.url()).toBe('app://workbench/index.html')
  expect(app.windows()).toHaveLength(1)
})

test('a file outside the built page is not found', async () => {
  const status = await workbench.page.evaluate(async () => {
    const paths = ['..%2f..%2fpackage.json', '%2e%2e/%2e%2e/package.json', 'missing.js']
    return Promise.all(paths.map(async (path) => (await fetch(path)).status))
  })
  expect(status).toEqual([404, 404, 404])
})

test('a process that is killed comes back, and the window is joined to it again', async () => {
  const { page } = workbench
  await collect(page)
  await expect.poll(() => ask(page, 900_001)).toBe('result')
  const before = await processId('gradsae-archive')
  const ports = await page.evaluate(() => (window as unknown as PageWindow).ports.length)
  expect(before).toBeDefined()
  process.kill(before ?? 0, 'SIGKILL')
  const states = () =>
    page.evaluate(() =>
      (window as unknown as PageWindow).events
        .map((event) => event as { process: string; state: string })
        .filter((event) => event.process === 'archive')
        .map((event) => event.state)
    )
  await expect.poll(states).toEqual(['ready', 'stopped', 'starting', 'ready'])
  await expect.poll(() => page.evaluate(() => (window as unknown as PageWindow).ports.length)).toBeGreaterThan(ports)
  await expect.poll(() => ask(page, 900_002)).toBe('result')
  expect(await processId('gradsae-archive')).not.toBe(before)
})

test('the engine is restarted on request', async () => {
  const { page } = workbench
  await expect.poll(() => processId('gradsae-engine')).toBeDefined()
  const before = await processId('gradsae-engine')
  await page.evaluate(() => (window as unknown as PageWindow).workbench.call('process.restart', { process: 'engine' }))
  await expect.poll(async () => ((await processId('gradsae-engine')) ?? before) !== before).toBe(true)
})

test('what happened is in the log', async () => {
  const log = readFileSync(join(workbench.userData, 'logs', 'main.log'), 'utf8')
  expect(log).toMatch(/main: GradSAE Workbench \d+\.\d+\.\d+, Electron \d+/)
  expect(log).toContain('archive: ended with')
})

test('the window remembers its size', async () => {
  const userData = test.info().outputPath('user-data')
  mkdirSync(userData, { recursive: true })
  const { app, close } = await launchWorkbench({ userData, size: { width: 1300, height: 800 } })
  const shown = () =>
    app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      const { width, height } = window?.getNormalBounds() ?? { width: 0, height: 0 }
      return { visible: window?.isVisible(), width, height }
    })
  // The display answers later: a size that is set before the window is shown may still be taken back.
  await expect.poll(shown).toEqual({ visible: true, width: 1300, height: 800 })
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(1400, 810))
  await expect.poll(shown).toEqual({ visible: true, width: 1400, height: 810 })
  await close()
  const remembered: unknown = JSON.parse(readFileSync(join(userData, 'window.json'), 'utf8'))
  expect(remembered).toMatchObject({ bounds: { width: 1400, height: 810 } })
})

test('a second start with the same data finds the first and ends', async () => {
  const { app, electron, userData } = workbench
  await app.evaluate(({ app: first }) => {
    first.once('second-instance', () => ((globalThis as { found?: boolean }).found = true))
  })
  // Started as a user starts it: Playwright would wait for a window that never comes.
  const second = spawn(electron.executable, launchArguments(userData), { stdio: 'ignore' })
  const [code] = await once(second, 'exit')
  expect(code).toBe(0)
  await expect.poll(() => app.evaluate(() => (globalThis as { found?: boolean }).found)).toBe(true)
  expect(app.windows()).toHaveLength(1)
})

test('a page that crashed is loaded again', async () => {
  const { app, page, close } = await launchWorkbench()
  await expect(page.locator('#app')).not.toBeEmpty()
  const state = () =>
    app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents
      return { process: contents?.getOSProcessId(), busy: contents?.isCrashed() === true || contents?.isLoading() === true }
    })
  const before = await state()
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer())
  await expect.poll(async () => ((await state()).busy ? before.process : (await state()).process)).not.toBe(before.process)
  // A page that is replaced while it is asked never answers: then it is asked again.
  const filled = () =>
    app.evaluate(({ BrowserWindow }): Promise<unknown> => {
      const asked = BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('document.querySelector("#app").childElementCount')
      return Promise.race([Promise.resolve(asked), new Promise((resolve) => setTimeout(() => resolve(0), 1000))])
    })
  await expect.poll(filled).toBeGreaterThan(0)
  await close()
})
