/** Where things lie. Plain Node, no packages: this runs before anything is installed. */
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Folder for what is fetched once and shared by every clone: outside the repository. */
export const CACHE = join(cacheHome(), 'gradsae-workbench')

/** @param {string} name of a package @returns {string} its folder in node_modules */
export const packageFolder = (name) => join(ROOT, 'node_modules', ...name.split('/'))

/** @param {string[]} parts @returns {string} a path in the repository */
export const inRoot = (...parts) => join(ROOT, ...parts)

function cacheHome() {
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32' && process.env.LOCALAPPDATA) return process.env.LOCALAPPDATA
  return join(homedir(), '.cache')
}
