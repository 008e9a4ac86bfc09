/**
 * `npm run fuzz -- [--count N] [--target NAME] [--seed N] [--case N]`: gives seeded hostile files (tests/hostile) to every reader. Each
 * must end within five seconds of processor time and 512 MB in a refusal or a correct read. The readers run in a process of their own, which Node forbids
 * to start programs and to write anywhere but in its folder: whatever a file makes it try shows up as a failure.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createInterface } from 'node:readline'
import { build } from 'vite'
import { inRoot } from './lib/paths.mjs'
import { ensurePackages } from './lib/prepare.mjs'
import { program, say, Stop } from './lib/run.mjs'

/** Of the processor where the system tells it, so that a busy machine is no failure; else, and for what only waits, by the clock. */
const LIMIT_MS = 5000
const LIMIT_WAITING_MS = 60_000
const LIMIT_KB = 512 * 1024
/** Node's own heap; tensors live outside of it and are seen by LIMIT_KB. */
const HEAP_MB = 384
const ALL = ['safetensors', 'npy', 'npz', 'torch', 'gguf', 'json', 'model-config', 'sae-config', 'tokenizer', 'sentencepiece']
/** Failures of one target that are shown in full. */
const SHOWN = 10

const OUT = inRoot('out', 'hostile')

program(async () => {
  ensurePackages()
  const options = readOptions()
  await bundle()
  let failed = 0
  for (const target of options.targets) failed += await fuzz(target, options)
  return failed === 0 ? 0 : 1
})

function readOptions() {
  const text = { type: 'string' }
  const { values } = parseArgs({ options: { count: text, target: text, seed: text, case: text } })
  const number = (name, fallback) => {
    const value = Number(values[name] ?? fallback)
    if (!Number.isSafeInteger(value) || value < 0) throw new Stop(`--${name} is a whole number`)
    return value
  }
  if (values.target !== undefined && !ALL.includes(values.target)) throw new Stop(`--target is one of ${ALL.join(', ')}`)
  if (values.case !== undefined && values.target === undefined) throw new Stop('--case needs --target')
  const from = number('case', 0)
  const to = values.case === undefined ? number('count', 1000) : from + 1
  return { targets: values.target === undefined ? ALL : [values.target], seed: number('seed', 1), from, to }
}

async function bundle() {
  await build({
    root: inRoot(),
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: inRoot('tests', 'hostile', 'worker.ts'),
      outDir: OUT,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'worker.cjs' } }
    }
  })
}

/** @returns {Promise<number>} how many cases failed */
async function fuzz(target, { seed, from, to }) {
  const started = Date.now()
  const state = { outcomes: {}, failures: [], peak: 0, next: from }
  while (state.next < to) await run(target, seed, to, state)
  for (const { number, reason } of state.failures.slice(0, SHOWN)) say(`FAILED ${target} case ${number}: ${reason}`)
  const seconds = ((Date.now() - started) / 1000).toFixed(0)
  const { outcomes, failures, peak } = state
  say(`${target}: ${to - from} cases, ${failures.length} failed, peak ${Math.round(peak / 1024)} MB, ${seconds} s`)
  const byCount = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
  say(`  ${byCount.map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
  return failures.length
}

/** Runs cases until the last, or until one takes the worker down; `state.next` is where to go on. */
function run(target, seed, to, state) {
  const home = mkdtempSync(join(tmpdir(), 'gradsae-fuzz-'))
  const [work, cases] = [join(home, 'cwd'), join(home, 'cases')]
  mkdirSync(work)
  // Opening an SAE reaches the runtime's library, so addons may load; programs may not.
  const confined = ['--experimental-permission', '--allow-addons', '--allow-fs-read=*', `--allow-fs-write=${join(cases, '*')}`]
  const flags = [...confined, '--no-warnings', `--max-old-space-size=${HEAP_MB}`]
  const args = [...flags, join(OUT, 'worker.cjs'), target, seed, state.next, to, cases].map(String)
  mkdirSync(cases)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: inRoot(), stdio: ['ignore', 'pipe', 'pipe'] })
    let current = null
    let began = Date.now()
    let killed = ''
    let started = false
    let watched = null
    let busyBefore = null
    let stderr = ''
    child.stderr.on('data', (text) => (stderr = (stderr + text).slice(-2000)))
    createInterface(child.stdout).on('line', (line) => {
      const [word, rest] = [line.slice(0, line.indexOf(' ') < 0 ? undefined : line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
      if (word === 'case') {
        started = true
        current = Number(rest)
        began = Date.now()
      } else if (word === 'peak') {
        const peak = Number(rest)
        if (peak > LIMIT_KB && state.peak <= LIMIT_KB)
          state.failures.push({ number: current, reason: `(or a case shortly before) took ${Math.round(peak / 1024)} MB` })
        state.peak = Math.max(state.peak, peak)
      } else {
        if (word === 'failed') state.failures.push({ number: current, reason: JSON.parse(rest) })
        else state.outcomes[word] = (state.outcomes[word] ?? 0) + 1
        state.next = current + 1
        current = null
      }
    })
    const watch = setInterval(() => {
      if (current === null) return
      const busy = processorMs(child.pid)
      if (current !== watched) [watched, busyBefore] = [current, busy]
      const taken = busy === null || busyBefore === null ? Date.now() - began : busy - busyBefore
      if (taken < LIMIT_MS && Date.now() - began < LIMIT_WAITING_MS) return
      killed = `took more than ${LIMIT_MS / 1000} s`
      child.kill('SIGKILL')
    }, 100)
    child.once('close', (code, signal) => {
      clearInterval(watch)
      if (code !== 0 && !started) reject(new Stop(`The readers could not be started:\n${stderr}`))
      if (code !== 0) {
        const number = current ?? state.next
        state.failures.push({ number, reason: killed || `the process ended (${signal ?? code}): ${stderr}` })
        state.next = number + 1
      }
      const left = readdirSync(work)
      if (left.length > 0) state.failures.push({ number: state.next, reason: `wrote ${left.join(', ')}` })
      rmSync(home, { recursive: true, force: true })
      resolve()
    })
  })
}

/** Processor time of a process in milliseconds (Linux counts it in hundredths of a second), or null where the system does not say. */
function processorMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return null
  }
}
