/** `npm run check`: types, lint, import rules, format and unit tests. */
import { conclude, staticChecks, sum, vitest } from './lib/checks.mjs'
import { ensurePackages } from './lib/prepare.mjs'
import { program } from './lib/run.mjs'

program(async () => {
  ensurePackages()
  return conclude(sum([await staticChecks(), await vitest(['tests/unit'])]))
})
