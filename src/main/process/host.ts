/**
 * The answering side of a process: serves a table of handlers on a port. Whatever arrives is checked before it is used,
 * whatever a handler throws becomes an answer, and every call ends with exactly one of result, error, cancelled.
 */
import { z } from 'zod'
import type { CallTable, Handlers, HandlerTask } from '../../shared/contract'
import type { Call, Progress } from '../../shared/contract/call'
import { ClientMessage, type HostMessage, type Port } from '../../shared/contract/wire'
import { Cancelled, fail, toWireError } from '../../shared/errors'

export interface HostOptions {
  /** Check outputs and events against the contract: in development and tests, where a mistake should be loud. */
  validateOutput?: boolean
  /** Told about every failure that is not a person's to fix, for the log. */
  onUnexpected?: (call: string, details: string) => void
}

/** Progress is for eyes: about thirty messages a second are enough, and a port is not free. */
const PROGRESS_MILLISECONDS = 33

type AnyHandler = (input: unknown, task: HandlerTask<unknown>) => unknown

/**
 * Answers the calls of `calls` that arrive on `port` with `handlers`. Returns at once and never throws on what is sent:
 * messages that are not calls are dropped, unknown calls and wrong inputs are answered with CALL_INVALID. When the port
 * closes, what runs for it is cancelled.
 */
export function serve<T extends CallTable>(port: Port, calls: T, handlers: Handlers<T>, options: HostOptions = {}): void {
  const running = new Map<number, AbortController>()

  async function answer(id: number, name: string, input: unknown): Promise<void> {
    const abort = new AbortController()
    running.set(id, abort)
    const post = (message: HostMessage): void => port.post(message)
    try {
      const { call, handler } = find(calls, handlers, name)
      const task = createTask(id, abort.signal, post, options.validateOutput === true ? call : null)
      const output = await handler(parse(call.input, input, name, 'its input'), task)
      post({ type: 'result', id, output: options.validateOutput === true ? parse(call.output, output, name, 'its output') : output })
    } catch (thrown) {
      report(thrown, id, name, abort.signal, post, options)
    } finally {
      running.delete(id)
    }
  }

  port.onMessage((message) => {
    const parsed = ClientMessage.safeParse(message)
    if (!parsed.success) return
    const { data } = parsed
    if (data.type === 'cancel') return running.get(data.id)?.abort()
    // A client numbers its calls; a number in use again is not one of ours, and answering would end the first call.
    if (running.has(data.id)) return
    void answer(data.id, data.name, data.input)
  })
  port.onClose(() => {
    for (const abort of running.values()) abort.abort()
  })
}

/** The call and its handler. Own properties only: the name comes from outside. */
function find<T extends CallTable>(calls: T, handlers: Handlers<T>, name: string): { call: Call; handler: AnyHandler } {
  const call = Object.hasOwn(calls, name) ? calls[name] : undefined
  if (call === undefined) fail('CALL_INVALID', { call: name, reason: 'there is no such call' })
  // The table pairs each handler with its call's schemas, and the input is parsed with them right after.
  return { call, handler: handlers[name as keyof T] as AnyHandler }
}

function parse(schema: z.ZodType, value: unknown, name: string, what: string): unknown {
  const parsed = schema.safeParse(value)
  if (!parsed.success) fail('CALL_INVALID', { call: name, reason: `${what} does not fit: ${z.prettifyError(parsed.error)}` })
  return parsed.data
}

function createTask(id: number, signal: AbortSignal, post: (message: HostMessage) => void, check: Call | null): HandlerTask<unknown> {
  let last: { stage: string; at: number } | null = null
  return {
    signal,
    emit(event) {
      post({ type: 'event', id, event: check?.event === undefined ? event : check.event.parse(event) })
    },
    progress(stage, done, total) {
      const now = performance.now()
      const progress: Progress = { stage, done, total }
      if (last !== null && last.stage === stage && done < total && now - last.at < PROGRESS_MILLISECONDS) return
      last = { stage, at: now }
      post({ type: 'progress', id, progress })
    }
  }
}

function report(
  thrown: unknown,
  id: number,
  name: string,
  signal: AbortSignal,
  post: (message: HostMessage) => void,
  options: HostOptions
): void {
  if (thrown instanceof Cancelled || (signal.aborted && thrown === signal.reason)) return post({ type: 'cancelled', id })
  const error = toWireError(thrown)
  if (error.code === 'UNEXPECTED' || error.code === 'CALL_INVALID') options.onUnexpected?.(name, error.details)
  post({ type: 'error', id, error })
}
