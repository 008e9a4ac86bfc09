/** Where the app's own files lie, in development, in tests and when packaged. */
import { join } from 'node:path'
import { app } from 'electron'

export interface Places {
  userData: string
  bundledModels: string
  resources: string
  preload: string
  renderer: string
  /** Entry of a utility process. */
  entry: (process: string) => string
}

/**
 * Models and resources are large and read in place: a packaged app has them beside its archive, not in it.
 */
export function places(): Places {
  const root = app.getAppPath()
  const data = app.isPackaged ? process.resourcesPath : root
  return {
    userData: app.getPath('userData'),
    bundledModels: join(data, 'models'),
    resources: join(data, 'resources'),
    preload: join(root, 'out', 'preload', 'index.cjs'),
    renderer: join(root, 'out', 'renderer'),
    entry: (process) => join(root, 'out', 'main', `${process}.cjs`)
  }
}
