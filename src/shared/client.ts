/**
 * The calling side of a process, over any port: the window uses it on ports from the main process, the tests on Node's.
 * A port may be lost and replaced while the client lives: calls already sent then fail with ENGINE_STOPPED, calls made
 * meanwhile wait for the new port for a bounded time.
 */
import type { CallOptions, CallTable, Client } from './contract'
import type { Progress } from './contract/call'
import type { ClientMessage, HostMessage, Port } from './contract/wire'
import { Cancelled, WorkbenchError, fromWireError } from './errors'

/** A client whose port comes and goes. */
export interface PortClient<T extends CallTable> extends Client<T> {
  /** Uses `port` from now on; calls still pending on an earlier port fail. */
  connect(port: Port): void
  /** The process is gone: pending calls fail, new ones wait for `connect`. */
  disconnect(): void
}

export interface ClientSettings {
  /** Name of the process, as the error text shows it. */
  process: string
  /** How long a call waits for a port before it fails, in milliseconds. */
  waitMilliseconds?: number
}

interface Pending {
  resolve(output: unknown): void
  reject(error: Error): void
  onEvent?: (event: unknown) => void
  onProgress?: (progress: Progress) => void
}

const DEFAULT_WAIT = 20_000

/** A client of the process that answers the calls `T`. */
export function createClient<T extends CallTable>({ process, waitMilliseconds = DEFAULT_WAIT }: ClientSettings): PortClient<T> {
  const pending = new Map<number, Pending>()
  const waiting = new Set<(port: Port) => void>()
  let port: Port | null = null
  let nextId = 1

  const stopped = (): WorkbenchError => new WorkbenchError('ENGINE_STOPPED', { process })

  function connect(next: Port): void {
    if (port !== null) disconnect()
    port = next
    next.onMessage((message) => {
      if (port === next) receive(pending, message)
    })
    next.onClose(() => {
      if (port === next) disconnect()
    })
    for (const go of [...waiting]) go(next)
  }

  function disconnect(): void {
    port = null
    const lost = [...pending.values()]
    pending.clear()
    for (const { reject } of lost) reject(stopped())
  }

  /** The port, or the next one when there is none just now. */
  function currentPort(signal: AbortSignal | undefined): Promise<Port> {
    if (port !== null) return Promise.resolve(port)
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        waiting.delete(arrived)
        signal?.removeEventListener('abort', cancelled)
      }
      const arrived = (next: Port): void => {
        end()
        resolve(next)
      }
      const cancelled = (): void => {
        end()
        reject(new Cancelled())
      }
      const timer = setTimeout(() => {
        end()
        reject(stopped())
      }, waitMilliseconds)
      waiting.add(arrived)
      signal?.addEventListener('abort', cancelled)
    })
  }

  async function call(name: string, input: unknown, options: CallOptions<never> = {}): Promise<unknown> {
    const { signal } = options
    if (signal?.aborted) throw new Cancelled()
    const through = await currentPort(signal)
    // The port may have been lost between its arrival and this turn of the event loop.
    if (port !== through) throw stopped()
    const id = nextId++
    const post = (message: ClientMessage): void => through.post(message)
    const cancel = (): void => {
      if (port === through) post({ type: 'cancel', id })
    }
    try {
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject, onEvent: options.onEvent as Pending['onEvent'], onProgress: options.onProgress })
        signal?.addEventListener('abort', cancel)
        post({ type: 'call', id, name, input: plain(input) })
      })
    } finally {
      pending.delete(id)
      signal?.removeEventListener('abort', cancel)
    }
  }

  // The wire carries unknown values; the host has checked them against the call's schemas.
  return { call: call as Client<T>['call'], connect, disconnect }
}

/** Hands a host's message to the call it belongs to; messages of calls that ended already are dropped. */
function receive(pending: ReadonlyMap<number, Pending>, message: unknown): void {
  // Our own host at the other end made this message; the port carries nothing else.
  const answer = message as HostMessage
  const call = pending.get(answer.id)
  if (call === undefined) return
  switch (answer.type) {
    case 'event':
      return call.onEvent?.(answer.event)
    case 'progress':
      return call.onProgress?.(answer.progress)
    case 'result':
      return call.resolve(answer.output)
    case 'error':
      return call.reject(fromWireError(answer.error))
    case 'cancelled':
      return call.reject(new Cancelled())
  }
}

/**
 * A copy of `value` that can be posted: reactive proxies become plain arrays and objects, binary data stays as it is.
 * Structured clone refuses proxies, and what a view holds is often one.
 */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}
