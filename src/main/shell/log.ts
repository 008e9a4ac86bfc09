/** A log in the user-data folder: what went wrong and when, never what the user typed. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Adds a line about `part`. */
export type Log = (part: string, text: string) => void

/** Above this size the log starts anew; one earlier log is kept. */
const LIMIT_BYTES = 1_000_000

/** A log in `folder`/main.log. Failing to log never stops the app. */
export function openLog(folder: string): Log {
  const file = join(folder, 'main.log')
  return (part, text) => {
    try {
      mkdirSync(folder, { recursive: true })
      rotate(file)
      appendFileSync(file, `${new Date().toISOString()} ${part}: ${text.trimEnd()}\n`)
    } catch (thrown) {
      process.stderr.write(`log: ${String(thrown)}\n`)
    }
  }
}

function rotate(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > LIMIT_BYTES) renameSync(file, `${file}.1`)
}
