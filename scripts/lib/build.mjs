/** Builds the app when its sources changed since the last build. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { inRoot, packageFolder } from './paths.mjs'
import { capture, say, Stop } from './run.mjs'

/** What goes into a build. */
const SOURCES = ['src', 'electron.vite.config.ts', 'package.json', 'package-lock.json', 'tsconfig.json']
const STAMP = inRoot('out', 'built-from.txt')
const ENTRIES = ['main/index.cjs', 'main/engine.cjs', 'main/archive.cjs', 'main/cli.cjs', 'preload/index.cjs', 'renderer/index.html']

/** Builds if needed. What the build prints is shown only when it fails. */
export function buildIfStale() {
  const stamp = sourceStamp()
  const fresh = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp && ENTRIES.every((entry) => existsSync(inRoot('out', entry)))
  if (fresh) return
  say('Building ...')
  build()
}

/** Builds and notes what it was built from. */
export function build() {
  const stamp = sourceStamp()
  rmSync(STAMP, { force: true })
  const cli = join(packageFolder('electron-vite'), 'bin', 'electron-vite.js')
  const done = capture(process.execPath, [cli, 'build', '--logLevel', 'warn'])
  if (done.status !== 0) throw new Stop(`The build failed:\n${done.stdout}${done.stderr}`)
  mkdirSync(inRoot('out'), { recursive: true })
  writeFileSync(STAMP, stamp)
}

/** Hash over the names and contents of all sources: unlike file times, it survives a checkout. */
export function sourceStamp(root = inRoot()) {
  const hash = createHash('sha256')
  for (const source of SOURCES)
    for (const file of filesOf(join(root, source))) hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

function filesOf(path) {
  if (!existsSync(path)) return []
  try {
    return readdirSync(path, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]))
  } catch (thrown) {
    if (thrown.code === 'ENOTDIR') return [path]
    throw thrown
  }
}
