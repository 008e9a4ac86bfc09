/** Installs what is missing: npm packages, and on Debian and Ubuntu the libraries that Electron needs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findElectron } from './electron.mjs'
import { inRoot } from './paths.mjs'
import { capture, npm, say, Stop } from './run.mjs'

/** What a bare Debian machine lacks to run Electron with a virtual display. */
const DEBIAN = [
  'xvfb',
  'xauth',
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libxss1',
  'libatk-bridge2.0-0',
  'libcups2',
  'fonts-dejavu-core'
]
const MINIMUM_NODE = [20, 19]

/** npm packages as the lockfile names them. Nothing happens when they are there. */
export function ensurePackages() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new Stop(`Node ${MINIMUM_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`)
  }
  if (packagesMatch(inRoot())) return
  say('Installing npm packages ...')
  // ONNX Runtime's install script fetches CUDA libraries, which are optional and not always reachable.
  const done = npm(['ci', '--loglevel=error', '--no-audit', '--no-fund'], { env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' } })
  if (done.status !== 0) throw new Stop(`npm could not install the packages:\n${done.stdout}${done.stderr}`)
}

/** Whether node_modules in `root` holds every package of the lockfile, in its version. */
export function packagesMatch(root) {
  const wanted = readPackages(join(root, 'package-lock.json'))
  const found = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === null || found === null) return false
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) => path === '' || link || (found[path]?.version ?? (optional ? version : null)) === version
  )
}

function readPackages(file) {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).packages ?? null) : null
}

/**
 * Packages, an Electron, and on Linux the libraries and fonts it needs.
 * @param {{ display: boolean }} needs display: also a virtual display, for machines without one
 */
export async function ensureElectron({ display }) {
  ensurePackages()
  const electron = await findElectron()
  if (process.platform === 'linux') ensureLibraries(electron, display)
  return electron
}

function ensureLibraries(electron, display) {
  const missing = lacking(electron, display)
  if (missing.length === 0) return
  say(`Missing on this machine: ${missing.join(', ')}.`)
  const apt = capture('apt-get', ['--version']).status === 0
  if (!apt)
    throw new Stop("Install the libraries Electron needs with your system's package manager; on Debian they are:\n  " + DEBIAN.join(' '))
  if (process.getuid?.() !== 0)
    throw new Stop(`Run this once, then try again:\n  sudo apt-get update && sudo apt-get install -y ${debianNames().join(' ')}`)
  say('Installing Debian packages ...')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const update = capture('apt-get', ['update'], { env })
  const install = capture('apt-get', ['install', '-y', '--no-install-recommends', ...debianNames()], { env })
  const still = lacking(electron, display)
  if (still.length > 0)
    throw new Stop(`Debian packages could not be installed:\n${update.stderr}${install.stderr}Still missing: ${still.join(', ')}`)
}

/** What is not there, by looking and not by package names: they differ between releases. */
function lacking(electron, display) {
  const libraries = capture('ldd', [electron.executable])
    .stdout.split('\n')
    .filter((line) => line.includes('not found'))
    .map((line) => line.trim().split(' ')[0] ?? '')
  const server = display && capture('Xvfb', ['-help']).stderr.includes('ENOENT') ? ['Xvfb'] : []
  const fonts = capture('fc-list', []).stdout.trim() === '' && !hasEntries('/usr/share/fonts') ? ['fonts'] : []
  return [...libraries, ...server, ...fonts]
}

const hasEntries = (folder) => existsSync(folder) && readdirSync(folder).length > 0

/** Ubuntu 24.04 and Debian 13 renamed some libraries: there the names with "t64" are the real ones. */
function debianNames() {
  return DEBIAN.map((name) => (capture('apt-cache', ['show', `${name}t64`]).status === 0 ? `${name}t64` : name))
}
