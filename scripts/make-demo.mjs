/** `node scripts/make-demo.mjs [FILE]`: makes resources/demo/demo.gradsae afresh with the real engine, after a change of the model or of what rankings hold. */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { inRoot } from './lib/paths.mjs'

const outDir = inRoot('node_modules', '.cache', 'make-demo')
await build({
  configFile: false,
  root: inRoot(),
  logLevel: 'error',
  build: {
    ssr: inRoot('src', 'main', 'cli', 'demo-project.ts'),
    outDir,
    target: 'node20',
    rolldownOptions: { output: { entryFileNames: 'make-demo.mjs' } }
  }
})
const { makeDemoProject } = await import(pathToFileURL(resolve(outDir, 'make-demo.mjs')).href)
const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
const path = resolve(process.argv[2] ?? inRoot('resources', 'demo', 'demo.gradsae'))
mkdirSync(dirname(path), { recursive: true })
await makeDemoProject({ path, bundledModels: inRoot('models'), version })
console.log(`Wrote ${path}.`)
