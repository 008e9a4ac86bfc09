/** Child processes. Output goes to stderr wherever a command's stdout must stay clean. */
import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT } from './paths.mjs'

/** Says what is going on, on stderr: stdout belongs to the command the user asked for. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** A failure the user can act on: printed without a stack. */
export class Stop extends Error {}

/**
 * Runs a program to its end with its output on our stderr.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, stdout?: 'stderr' | 'inherit' | 'ignore' }} [options]
 * @returns {number} exit status; 1 when it could not be started or ran out of time
 */
export function run(command, args, options = {}) {
  const { cwd = ROOT, env = process.env, timeout, stdout = 'stderr' } = options
  const out = stdout === 'stderr' ? 2 : stdout
  const done = spawnSync(command, args, { cwd, env, timeout, stdio: ['ignore', out, stdout === 'ignore' ? 'ignore' : 'inherit'] })
  return done.status ?? 1
}

/**
 * Runs a program to its end and returns what it printed.
 * @returns {{ status: number, stdout: string, stderr: string }}
 */
export function capture(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 256 * 2 ** 20, ...options })
  return {
    status: done.status ?? 1,
    stdout: done.stdout ?? '',
    stderr: `${done.stderr ?? ''}${done.error ? `${done.error.message}\n` : ''}`
  }
}

/**
 * Runs a program in the foreground: our terminal is its terminal, and the signals we get are passed on.
 * @returns {Promise<number>} exit status; 128 and the signal's number when a signal ended it
 */
export function foreground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options })
    const pass = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM']) process.off(name, pass)
      // as shells count: on a terminal a child hears Ctrl-C twice, from it and from us, and the second one ends it
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

/** npm's own command, through the npm that started us where there is one. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath
  if (cli && /\.c?js$/.test(cli)) return capture(process.execPath, [cli, ...args], options)
  return capture(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { shell: process.platform === 'win32', ...options })
}

/** Runs `main` and turns what it throws into a message and an exit status. */
export async function program(main) {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (thrown) {
    say(thrown instanceof Stop ? thrown.message : (thrown?.stack ?? String(thrown)))
    process.exitCode = 1
  }
}
