/** `npm run cli -- COMMAND`: the command line, built first if needed. Only the command itself writes to stdout. */
import { buildIfStale } from './lib/build.mjs'
import { inRoot } from './lib/paths.mjs'
import { ensurePackages } from './lib/prepare.mjs'
import { foreground, program } from './lib/run.mjs'

program(() => {
  ensurePackages()
  buildIfStale()
  return foreground(process.execPath, [inRoot('out', 'main', 'cli.cjs'), ...process.argv.slice(2)])
})
