/** The built command line in processes of its own. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { z } from 'zod'

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'out/main/cli.cjs')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface SpawnOptions {
  /** Folder that the command is typed in. */
  readonly cwd?: string
  /** What npm says that folder is, where npm has moved to another one. */
  readonly typedIn?: string
  /** Program and arguments put before node, for example a shell with limits. */
  readonly before?: readonly string[]
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Reads nothing of stdout, and closes it at once. */
  readonly closeOutput?: boolean
}

/** Runs the command line to its end. */
export function runCli(args: readonly string[], options: SpawnOptions = {}): Promise<Finished> {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: run "npm run build" first`)
  const { INIT_CWD: _typedIn, ...env } = process.env
  const typedIn = options.typedIn === undefined ? {} : { INIT_CWD: options.typedIn }
  const [program = process.execPath, ...rest] = [...(options.before ?? []), process.execPath, CLI, ...args]
  const child = spawn(program, rest, {
    cwd: options.cwd ?? ROOT,
    env: { ...env, ...typedIn, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  if (options.closeOutput === true) child.stdout.destroy()
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code) => done({ code, stdout, stderr }))
  })
}

/** The JSON of a run that must succeed: exit code 0, and one line of JSON alone on stdout. */
export function json<T>(schema: z.ZodType<T>, { code, stdout, stderr }: Finished): T {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  return schema.parse(JSON.parse(stdout))
}

/** The text of a run that must fail: exit code 1 and nothing on stdout. */
export function refusal({ code, stdout, stderr }: Finished): string {
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).not.toMatch(/\n {4}at |UNEXPECTED|should not have/)
  return stderr.slice(stderr.indexOf('error: '))
}
