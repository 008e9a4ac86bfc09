/** `npm start`: prepares everything and opens the workbench; with no display, does the main job on the demo project without a window. */
import { buildIfStale } from './lib/build.mjs'
import { hasDisplay } from './lib/display.mjs'
import { electronEnvironment, sandboxArguments } from './lib/electron.mjs'
import { inRoot, ROOT } from './lib/paths.mjs'
import { ensureElectron, ensurePackages } from './lib/prepare.mjs'
import { foreground, program, say } from './lib/run.mjs'

program(async () => {
  ensurePackages()
  if (!hasDisplay()) {
    say('There is no display here: the main job runs on the demo project without a window.')
    buildIfStale()
    return foreground(process.execPath, [inRoot('out', 'main', 'cli.cjs'), 'demo', ...process.argv.slice(2)])
  }
  const electron = await ensureElectron({ display: false })
  buildIfStale()
  say(`Opening the workbench in Electron ${electron.version} (${electron.source}).`)
  return foreground(electron.executable, [...sandboxArguments(), ROOT, ...process.argv.slice(2)], {
    env: { ...process.env, ...electronEnvironment(electron) }
  })
})
