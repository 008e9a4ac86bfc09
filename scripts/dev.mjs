/** `npm run dev`: the workbench from its sources; the window reloads as they change. */
import { join } from 'node:path'
import { hasDisplay, withDisplay } from './lib/display.mjs'
import { electronEnvironment, sandboxArguments } from './lib/electron.mjs'
import { packageFolder } from './lib/paths.mjs'
import { ensureElectron } from './lib/prepare.mjs'
import { foreground, program } from './lib/run.mjs'

program(async () => {
  const electron = await ensureElectron({ display: !hasDisplay() })
  return withDisplay((display) => {
    const sandbox = sandboxArguments().length > 0 ? { NO_SANDBOX: '1' } : {}
    const env = { ...process.env, ...electronEnvironment(electron), ...sandbox, ...display }
    return foreground(
      process.execPath,
      [join(packageFolder('electron-vite'), 'bin', 'electron-vite.js'), 'dev', '--watch', ...process.argv.slice(2)],
      { env }
    )
  })
})
