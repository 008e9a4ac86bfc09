/** Runs checks and counts their outcomes from machine-readable results. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { packageFolder, ROOT } from './paths.mjs'
import { foreground, say } from './run.mjs'

/** A program of an installed package, run with this Node. */
const tool = (pack, bin) => join(packageFolder(pack), bin)

/** Checks that pass or fail as a whole, the longest first. The import rules come with a floor on what they looked at. */
const STATIC = [
  {
    name: 'lint',
    args: [tool('eslint', 'bin/eslint.js'), '.', '--max-warnings', '0', '--cache', '--cache-location', 'node_modules/.cache/eslint/']
  },
  { name: 'types', args: [tool('typescript', 'bin/tsc'), '-p', 'tsconfig.json'] },
  { name: 'types of the window', args: [tool('vue-tsc', 'bin/vue-tsc.js'), '-p', 'tsconfig.renderer.json'] },
  { name: 'types of preload and end-to-end tests', args: [tool('typescript', 'bin/tsc'), '-p', 'tsconfig.mixed.json'] },
  { name: 'import rules', args: ['scripts/lib/import-rules.mjs'] },
  { name: 'format', args: [tool('prettier', 'bin/prettier.cjs'), '--check', '.', '--log-level', 'warn', '--cache'] }
]
/** At once: as many as a small machine has cores. */
const AT_ONCE = 2

/** @typedef {{ passed: number, failed: number, failures: string[] }} Count What failed is named, to be said at the end once more. */

/** @returns {Promise<Count>} types, lint, import rules, format */
export async function staticChecks() {
  const queue = [...STATIC]
  const results = []
  const worker = async () => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) results.push(await staticCheck(check))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const failures = results.filter(({ ok }) => !ok).map(({ name }) => name)
  return { passed: results.length - failures.length, failed: failures.length, failures }
}

async function staticCheck({ name, args }) {
  const started = Date.now()
  const { status, output } = await quiet(args)
  say(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (status !== 0) say(output)
  return { name, ok: status === 0 }
}

/** @param {string[]} filters folders of tests @returns {Promise<Count>} */
export function vitest(filters) {
  return withReport(async (file) => {
    const args = [tool('vitest', 'vitest.mjs'), 'run', ...filters, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    return { status: await foreground(process.execPath, args), count: countVitest }
  })
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<Count>} */
export function playwright(env) {
  return withReport(async (file) => {
    const args = [tool('@playwright/test', 'cli.js'), 'test', '--reporter=list,json']
    const status = await foreground(process.execPath, args, { env: { ...process.env, ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: file } })
    return { status, count: countPlaywright }
  })
}

/** Tests of a vitest report; a file that could not be loaded counts as one failed test. */
export function countVitest(report) {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
  )
  const failures = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => `${relative(ROOT, name)}: ${fullName}`)
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    failures: [...failures, ...broken.map(({ name }) => `${relative(ROOT, name)}: could not be run`)]
  }
}

/** Tests of a Playwright report; errors outside tests count as failed. */
export function countPlaywright(report) {
  return {
    passed: report.stats.expected,
    failed: report.stats.unexpected + report.stats.flaky + report.errors.length,
    failures: [
      ...failedSpecs(report.suites).map(({ file, line, title }) => `tests/e2e/${file}:${line}: ${title}`),
      ...report.errors.map(({ message }) => `tests/e2e: ${message}`)
    ]
  }
}

/** Tests of suites and the suites in them that did not pass. */
function failedSpecs(suites) {
  return suites.flatMap(({ specs, suites: inner = [] }) => [...specs.filter(({ ok }) => !ok), ...failedSpecs(inner)])
}

/** Adds up. */
export const sum = (counts) =>
  counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, failures: [...a.failures, ...b.failures] }), {
    passed: 0,
    failed: 0,
    failures: []
  })

/** Says what failed, prints the total as the last line and gives the exit status. */
export function conclude({ passed, failed, failures }) {
  for (const name of failures) say(`FAILED ${name}`)
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 && passed > 0 ? 0 : 1
}

/** A run that wrote no report, or none with tests, or ended badly though its tests passed, has failed. */
async function withReport(work) {
  const folder = mkdtempSync(join(tmpdir(), 'gradsae-report-'))
  try {
    const file = join(folder, 'report.json')
    const { status, count } = await work(file)
    if (!existsSync(file)) return { passed: 0, failed: 1, failures: ['tests that wrote no report'] }
    const counted = count(JSON.parse(readFileSync(file, 'utf8')))
    const unsaid = counted.failed === 0 && (status !== 0 || counted.passed === 0)
    return unsaid ? { ...counted, failed: 1, failures: [`tests that ended with ${status}, ${counted.passed} of them passed`] } : counted
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function quiet(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
    child.once('close', (status) => resolve({ status: status ?? 1, output }))
  })
}
