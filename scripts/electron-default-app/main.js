/**
 * What Electron's own default app does when it is given a folder: loads the modules named with -r, skips switches, and
 * runs the folder's package.json "main" with the app's name, version and path set from it.
 */
const Module = require('node:module')
const path = require('node:path')
const { app } = require('electron')

const preload = []
let folder = null
const rest = process.argv.slice(1)
while (rest.length > 0 && folder === null) {
  const argument = rest.shift()
  if (argument === '-r' || argument === '--require') preload.push(rest.shift())
  else if (!argument.startsWith('-')) folder = path.resolve(argument)
}

Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true })
if (preload.length > 0) Module._preloadModules(preload)

if (folder === null) {
  process.stderr.write('Usage: electron <app folder>\n')
  app.exit(2)
} else {
  const about = require(path.join(folder, 'package.json'))
  app.setName(about.productName ?? about.name)
  app.setVersion(about.version)
  app.setAppPath(folder)
  Module._load(Module._resolveFilename(folder, null, true), Module, true)
}
