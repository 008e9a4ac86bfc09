/** Before the end-to-end tests: an Electron and a display, handed to the test workers through the environment. */
import { electronEnvironment, findElectron } from './electron.mjs'
import { hasDisplay, startVirtualDisplay } from './display.mjs'
import { say } from './run.mjs'

export default async function setup() {
  const electron = await findElectron()
  Object.assign(process.env, electronEnvironment(electron))
  say(`End-to-end tests run in Electron ${electron.version} (${electron.source}).`)
  if (hasDisplay()) return undefined
  const { display, stop } = await startVirtualDisplay()
  process.env.DISPLAY = display
  return stop
}
