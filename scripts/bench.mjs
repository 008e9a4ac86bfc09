/**
 * `npm run bench`: bundles tests/bench for Node and runs it. Options: --json, --peer, --quick, --folder DIR (see tests/bench/index.ts).
 */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const outDir = join(root, 'out', 'bench')

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: join(root, 'tests', 'bench', 'index.ts'),
    outDir,
    emptyOutDir: true,
    target: 'node20',
    rolldownOptions: { output: { format: 'cjs', entryFileNames: 'bench.cjs' } }
  }
})

const run = spawnSync(process.execPath, ['--expose-gc', join(outDir, 'bench.cjs'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit'
})
process.exit(run.status ?? 1)
