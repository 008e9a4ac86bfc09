/** `npm test`: prepares everything and runs every check and test. The last line is the total. */
import { buildIfStale } from './lib/build.mjs'
import { ensureElectron } from './lib/prepare.mjs'
import { conclude, playwright, staticChecks, sum, vitest } from './lib/checks.mjs'
import { electronEnvironment } from './lib/electron.mjs'
import { program, say } from './lib/run.mjs'

program(async () => {
  const electron = await ensureElectron({ display: true })
  const counts = [await staticChecks()]
  const built = tryToBuild()
  // The command line is tested as it is built, so the tests below the window need the build too.
  counts.push(await vitest(['tests/unit', 'tests/pipeline']))
  counts.push(built ? await playwright(electronEnvironment(electron)) : { passed: 0, failed: 1, failures: ['the build'] })
  return conclude(sum(counts))
})

function tryToBuild() {
  try {
    buildIfStale()
    return true
  } catch (thrown) {
    say(String(thrown.message))
    return false
  }
}
