/** Starts the built workbench under Playwright: for the end-to-end tests and for screenshots. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron } from '@playwright/test'
import { findElectron, sandboxArguments } from './electron.mjs'
import { ROOT } from './paths.mjs'

/** Containers often give /dev/shm 64 MB, less than a large window needs. */
const SMALL_SHARED_MEMORY = process.platform === 'linux' ? ['--disable-dev-shm-usage'] : []

/** A fresh folder for one start's user data. */
export const temporaryUserData = () => mkdtempSync(join(tmpdir(), 'gradsae-user-'))

/**
 * Starts the built app with a user-data folder of its own (kept when the caller names one) and waits for its window.
 * @param {{ userData?: string, args?: string[], size?: { width: number, height: number }, env?: Record<string, string> }} [options]
 */
export async function launchWorkbench(options = {}) {
  const { args = [], size = { width: 1440, height: 900 }, env = {} } = options
  const userData = options.userData ?? temporaryUserData()
  mkdirSync(userData, { recursive: true })
  writeFileSync(join(userData, 'window.json'), JSON.stringify({ bounds: { x: 0, y: 0, ...size }, maximized: false }))
  const electron = await findElectron()
  const app = await _electron.launch({
    executablePath: electron.executable,
    args: launchArguments(userData, args),
    env: { ...withoutDevServer(process.env), ...env }
  })
  const page = await app.firstWindow()
  const close = async () => {
    await app.close()
    if (options.userData === undefined) rmSync(userData, { recursive: true, force: true })
  }
  return { app, page, userData, electron, close }
}

/** What Electron is started with to show the built app with this user-data folder. */
export const launchArguments = (userData, args = []) => [
  ...sandboxArguments(),
  ...SMALL_SHARED_MEMORY,
  `--user-data-dir=${userData}`,
  ...args,
  ROOT
]

function withoutDevServer(env) {
  const { ELECTRON_RENDERER_URL: _devServer, ELECTRON_RUN_AS_NODE: _asNode, ...rest } = env
  return rest
}
