/** `npm test`: prepares everything and runs every check and test. The last line is the total. */
import { buildIfStale } from './lib/build.mjs'
import { ensureElectron } from './lib/prepare.mjs'
import { conclude, playwright, staticChecks, sum, vitest } from './lib/checks.mjs'
import { electronEnvironment } from './lib/electron.mjs'
import { program, say } from './lib/run.mjs'

program(async () => {
  const electron = await ensureElectron({ display: true })
  const counts = [await staticChecks(), await vitest(['tests/unit', 'tests/pipeline'])]
  try {
    buildIfStale()
    counts.push(await playwright(electronEnvironment(electron)))
  } catch (thrown) {
    say(String(thrown.message))
    counts.push({ passed: 0, failed: 1 })
  }
  return conclude(sum(counts))
})
