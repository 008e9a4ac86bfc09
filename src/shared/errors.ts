import { FILE_ERRORS } from './error-texts/files'
import { PROGRAM_ERRORS } from './error-texts/program'
import type { ErrorText } from './error-texts/types'
import { WORK_ERRORS } from './error-texts/work'

/**
 * Every failure a person can cause or fix, as one table (its parts lie in error-texts/): code -> sentence of fact and sentence of remedy.
 * `{name}` in a text is filled from the context given to `fail`. Texts are tested data: each entry has a test that
 * provokes it. A broken internal promise is an `assert`, not an entry here.
 */
export const ERRORS = { ...FILE_ERRORS, ...WORK_ERRORS, ...PROGRAM_ERRORS } as const satisfies Record<string, ErrorText>

export type ErrorCode = keyof typeof ERRORS
export type ErrorContext = Record<string, string | number | boolean>

/** An error as data: what crosses processes and is shown in the window. */
export interface WireError {
  code: ErrorCode
  message: string
  fix: string
  details: string
}

/** The one error class for what a person can cause or fix. Made by `fail`. */
export class WorkbenchError extends Error {
  readonly code: ErrorCode
  readonly fix: string
  readonly context: ErrorContext

  constructor(code: ErrorCode, context: ErrorContext, options?: { cause?: unknown }) {
    super(fill(ERRORS[code].message, context), options)
    this.name = 'WorkbenchError'
    this.code = code
    this.fix = fill(ERRORS[code].fix, context)
    this.context = context
  }
}

/** Cancelled is an outcome, not an error; this carries it through promises. */
export class Cancelled extends Error {
  constructor() {
    super('Cancelled')
    this.name = 'Cancelled'
  }
}

/** Throws the error `code`, its texts filled from `context`. */
export function fail(code: ErrorCode, context: ErrorContext = {}, cause?: unknown): never {
  throw new WorkbenchError(code, context, cause === undefined ? undefined : { cause })
}

/** A broken promise between our own parts: never the user's fault. */
export function assert(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new Error(`Broken promise: ${promise}`)
}

/** Any thrown value as data. Unknown exceptions become UNEXPECTED with their stack in `details`. */
export function toWireError(thrown: unknown): WireError {
  if (thrown instanceof WorkbenchError) {
    const { code, message, fix } = thrown
    return { code, message, fix, details: describe(thrown) }
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const { message, fix } = ERRORS.UNEXPECTED
  return { code: 'UNEXPECTED', message: fill(message, { reason }), fix, details: describe(thrown) }
}

/** The data of `toWireError` as an error again, on the other side of a process boundary. */
export function fromWireError(wire: WireError): WorkbenchError {
  const error = new WorkbenchError(wire.code, {})
  return Object.assign(error, { message: wire.message, fix: wire.fix, details: wire.details })
}

function fill(text: string, context: ErrorContext): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => (name in context ? String(context[name]) : hole))
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const cause = thrown.cause === undefined ? '' : `\ncaused by: ${describe(thrown.cause)}`
  return `${thrown.stack ?? thrown.message}${cause}`
}
