/**
 * The same jobs without a window: `npm run cli -- <command>`. JSON on stdout with --json, tables without; progress and
 * errors on stderr; exit code 0 only on success, 1 on failure, 130 when interrupted, 141 when the reader of stdout went away (both as
 * shells count signals).
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { Cancelled, fail, toWireError } from '../../shared/errors'
import { checkCancelled } from '../../shared/task'
import { createEngineHandlers, type EngineHandlers } from '../engine/handlers'
import { failToWrite } from '../tensors/files'
import type { Command, CommandContext, OptionValues } from './command'
import { commands } from './commands'
import { stderrTask } from './task'

/** Folder of the app: this file is bundled to out/main/cli.cjs. */
const APP = resolve(__dirname, '..', '..')

async function main(argv: readonly string[]): Promise<void> {
  const [name] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return write(help())
  const command = commands.find((candidate) => candidate.name.split(' ').every((word, index) => word === argv[index]))
  if (command === undefined)
    fail('USAGE', { reason: `There is no command "${name}"; there are ${commands.map((c) => c.name).join(', ')}.` })
  const values = parse(command, argv.slice(command.name.split(' ').length))
  if (values.help === true) return write(commandHelp(command))
  await run(command, values)
}

async function run(command: Command, values: OptionValues): Promise<void> {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  process.once('SIGTERM', () => controller.abort())
  const task = stderrTask(controller.signal)
  const bundledModels = resolve(APP, 'models')
  let engine: EngineHandlers | undefined
  const cwd = process.env.INIT_CWD ?? process.cwd()
  const labels = typeof values.labels === 'string' ? resolve(cwd, values.labels) : null
  const version = appVersion()
  const context: CommandContext = {
    engine: () => (engine ??= createEngineHandlers({ bundledModels, labels, version })),
    task,
    cwd,
    bundledModels,
    resources: resolve(APP, 'resources'),
    scratch: resolve(APP, 'out'),
    version
  }
  try {
    const result = await command.run(values, context)
    // A run that was too short to hear of the interruption is interrupted all the same.
    checkCancelled(task)
    task.clear()
    for (const note of result.notes ?? []) process.stderr.write(`note: ${note}\n`)
    await write(values.json === true ? JSON.stringify(result.json) : result.human)
    if (result.failed === true) process.exitCode = 1
  } finally {
    task.clear()
  }
}

/** The version in the app's package.json. */
function appVersion(): string {
  const manifest = z.looseObject({ version: z.string() }).parse(JSON.parse(readFileSync(resolve(APP, 'package.json'), 'utf8')))
  return manifest.version
}

function parse(command: Command, rest: readonly string[]): OptionValues {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, multiple }]) => [name, { type, multiple: multiple ?? false }])
  )
  try {
    const flags = { json: { type: 'boolean' as const }, help: { type: 'boolean' as const, short: 'h' } }
    const { values, positionals } = parseArgs({
      args: withNegatives(rest),
      options: { ...options, ...flags },
      strict: true,
      allowPositionals: command.operands !== undefined
    })
    return { ...values, operands: positionals }
  } catch (thrown) {
    fail('USAGE', { reason: `${command.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}` }, thrown)
  }
}

/** Numbers that begin with a minus sign belong to the option before them: "--coefficients -8,-4" is "--coefficients=-8,-4". */
function withNegatives(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of args) {
    const last = joined.at(-1)
    if (/^-[\d.]/.test(arg) && last !== undefined && /^--[^=]+$/.test(last)) joined[joined.length - 1] = `${last}=${arg}`
    else joined.push(arg)
  }
  return joined
}

function help(): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return ['Usage: npm run cli -- <command> [options]', '', ...lines, '', 'Every command takes --json and --help.'].join('\n')
}

function commandHelp(command: Command): string {
  const { operands } = command
  const names = [
    ...(operands ? [{ left: operands.value, help: operands.help }] : []),
    ...Object.entries(command.options).map(([name, spec]) => ({
      left: `--${name}${spec.value === undefined ? '' : ` ${spec.value}`}`,
      help: spec.help
    }))
  ]
  const width = Math.max(...names.map(({ left }) => left.length))
  return [`${command.name}: ${command.summary}`, '', ...names.map(({ left, help: text }) => `  ${left.padEnd(width)}  ${text}`)].join('\n')
}

/** Nobody reads the output any more, as after `| head -1`: no failure, and nothing to say. */
class ReaderGone extends Error {}

/** Waits until stdout has taken everything, so that a pipe never gets half a JSON document. */
function write(text: string): Promise<void> {
  return new Promise<void>((done, refused) => process.stdout.write(`${text}\n`, (error) => (error ? refused(error) : done()))).catch(
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EPIPE') throw new ReaderGone()
      return failToWrite('the standard output', error)
    }
  )
}

function report(thrown: unknown): number {
  if (thrown instanceof ReaderGone) return 141
  if (thrown instanceof Cancelled) {
    process.stderr.write('Interrupted.\n')
    return 130
  }
  const error = toWireError(thrown)
  process.stderr.write(`error: ${error.message}\n${error.fix}\n`)
  if (error.code === 'UNEXPECTED' || process.env.GRADSAE_DETAILS !== undefined) process.stderr.write(`${error.details}\n`)
  return 1
}

// Streams announce a failed write as an event too, which would end the process with a stack trace if nobody listened. stdout's failures
// reach `write`; where stderr is gone, progress has nowhere to go and the work goes on.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.exitCode = report(thrown)
})
