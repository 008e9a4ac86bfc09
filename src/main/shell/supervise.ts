/**
 * Keeps a process running: starts it, waits until it says it is ready, starts it again when it ends, and closes it
 * cleanly. Knows nothing of Electron: what it supervises is given as a `Child`.
 */
import type { ProcessState } from '../../shared/contract/shell'

/** A running process and the port type it takes. */
export interface Child<P> {
  post(message: unknown, ports?: P[]): void
  onMessage(listener: (message: unknown) => void): void
  onExit(listener: (code: number | null) => void): void
  /** Ends it at once; `force` cannot be refused. */
  kill(force: boolean): void
}

export interface SupervisorOptions<P> {
  fork: () => Child<P>
  onState: (state: ProcessState, restarts: number) => void
  log: (text: string) => void
}

export interface Supervisor<P> {
  readonly state: ProcessState
  readonly restarts: number
  start(): void
  /** Gives the ready process one end of a channel. */
  connect(port: P): void
  /** Ends the process now and starts it again at once: for work that cannot be cancelled in time. */
  restart(): void
  /** Lets the process save and end; after `milliseconds` it is ended without asking. It is not started again. */
  close(milliseconds: number): Promise<void>
}

const READY_MILLISECONDS = 30_000
const FORCE_MILLISECONDS = 2_000
/** Waiting before a start after the n-th end in a row: doubling from the first to the last of these. */
const FIRST_WAIT = 200
const LAST_WAIT = 8_000
/** A process that lived this long did not end because of how it starts. */
const STABLE_MILLISECONDS = 60_000

/** Milliseconds to wait before the start that follows `endings` ends in a row. */
export function backoff(endings: number): number {
  return Math.min(LAST_WAIT, FIRST_WAIT * 2 ** Math.max(0, endings - 1))
}

/** A supervisor of what `fork` starts. Nothing runs until `start`. */
export function createSupervisor<P>({ fork, onState, log }: SupervisorOptions<P>): Supervisor<P> {
  let child: Child<P> | null = null
  let state: ProcessState = 'stopped'
  let restarts = 0
  let endings = 0
  let closing = false
  let asked = false
  let closed: (() => void) | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function change(next: ProcessState): void {
    state = next
    onState(state, restarts)
  }

  function start(): void {
    clearTimeout(timer)
    const started = fork()
    const since = Date.now()
    child = started
    change('starting')
    const late = setTimeout(() => {
      log(`not ready after ${READY_MILLISECONDS} ms`)
      started.kill(true)
    }, READY_MILLISECONDS)
    started.onMessage((message) => {
      if (child !== started) return
      if (message === 'closed') return closed?.()
      if (message !== 'ready') return
      clearTimeout(late)
      change('ready')
    })
    started.onExit((code) => {
      clearTimeout(late)
      if (child === started) ended(code, Date.now() - since)
    })
  }

  function ended(code: number | null, lived: number): void {
    child = null
    if (closing) {
      closed?.()
      return change('stopped')
    }
    log(`ended with ${code ?? 'a signal'} after ${lived} ms`)
    endings = lived > STABLE_MILLISECONDS ? 1 : endings + 1
    restarts += 1
    const wait = asked ? 0 : backoff(endings)
    asked = false
    change('stopped')
    timer = setTimeout(start, wait)
  }

  function end(): void {
    const ending = child
    if (ending === null) return
    ending.kill(false)
    setTimeout(() => {
      if (child === ending) ending.kill(true)
    }, FORCE_MILLISECONDS).unref()
  }

  return {
    get state() {
      return state
    },
    get restarts() {
      return restarts
    },
    start,
    connect(port) {
      child?.post('connect', [port])
    },
    restart() {
      if (child === null) return start()
      asked = true
      end()
    },
    async close(milliseconds) {
      closing = true
      clearTimeout(timer)
      if (child === null) return
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, milliseconds)
        closed = () => {
          clearTimeout(limit)
          resolve()
        }
        if (state === 'ready') child?.post('close')
        else resolve()
      })
      end()
    }
  }
}
