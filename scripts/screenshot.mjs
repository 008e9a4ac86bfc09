/**
 * A picture of the real window, for looking at while the interface is made and for the README.
 *
 *   node scripts/screenshot.mjs OUT.png [--size 1440x900] [--theme light|dark] [--steps FILE.mjs] [--user-data DIR] [--build] [--wait MS]
 *
 * Starts the built app (--build builds it first) with a fresh user-data folder, or the one named, on the display or a
 * virtual one; runs the default export of FILE.mjs, `async ({ page, app, shot }) => {}`, where `shot(name)` saves
 * further pictures beside OUT as OUT-name.png; then saves OUT.png. What the page logs to its console is printed.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from './lib/build.mjs'
import { withDisplay } from './lib/display.mjs'
import { launchWorkbench } from './lib/launch.mjs'
import { program, say, Stop } from './lib/run.mjs'

program(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      size: { type: 'string', default: '1440x900' },
      theme: { type: 'string', default: 'light' },
      steps: { type: 'string' },
      'user-data': { type: 'string' },
      build: { type: 'boolean', default: false },
      wait: { type: 'string', default: '500' }
    }
  })
  const [out] = positionals
  if (out === undefined) throw new Stop('Usage: node scripts/screenshot.mjs OUT.png [--size 1440x900] [--theme dark] [--steps FILE.mjs]')
  const [width, height] = values.size.split('x').map(Number)
  if (values.build) build()
  await withDisplay(async (env) => {
    const { page, app, close } = await launchWorkbench({ userData: values['user-data'], size: { width, height }, env })
    page.on('console', (message) => say(`console ${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => say(`page error: ${error.stack ?? error.message}`))
    try {
      await page.emulateMedia({ colorScheme: values.theme === 'dark' ? 'dark' : 'light' })
      const save = (path) => page.screenshot({ path, animations: 'disabled' })
      const shot = (name) => save(out.replace(/\.png$/, `-${name}.png`))
      if (values.steps !== undefined) {
        const steps = await import(pathToFileURL(resolve(values.steps)).href)
        await steps.default({ page, app, shot })
      }
      await page.waitForTimeout(Number(values.wait))
      await save(out)
    } finally {
      await close()
    }
  })
})
