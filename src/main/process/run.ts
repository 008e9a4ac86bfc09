/**
 * The body of a utility process: says it is ready, serves every port the shell hands over, closes cleanly when asked.
 * Messages from the shell: a port to serve, or 'close'. Messages to it: 'ready', 'closed'.
 */
import type { CallTable, Handlers } from '../../shared/contract'
import { assert } from '../../shared/errors'
import { serve } from './host'
import { electronPort, type ElectronPort } from './node-port'
import type { ProcessOptions } from './options'

/** What is used of Electron's `process.parentPort`. */
export interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown; ports: ElectronPort[] }) => void): unknown
}

export interface ProcessBody<T extends CallTable> {
  calls: T
  handlers: Handlers<T>
  options: ProcessOptions
  /** Saves what is open; the process ends after it. */
  close?: () => Promise<void> | void
}

/** Runs `body` for the shell behind `parent` until the shell closes it. */
export function runProcess<T extends CallTable>(parent: ParentPort | undefined, { calls, handlers, options, close }: ProcessBody<T>): void {
  assert(parent !== undefined, 'a process entry runs as an Electron utility process')
  const onUnexpected = (call: string, details: string): void => console.error(`${call}: ${details}`)
  parent.on('message', ({ data, ports }) => {
    const [port] = ports
    if (port !== undefined) return serve(electronPort(port), calls, handlers, { validateOutput: options.validateOutput, onUnexpected })
    if (data === 'close') void end(parent, close)
  })
  parent.postMessage('ready')
}

async function end(parent: ParentPort, close: (() => Promise<void> | void) | undefined): Promise<void> {
  try {
    await close?.()
  } catch (thrown) {
    console.error('closing failed:', thrown)
  }
  parent.postMessage('closed')
  // The shell ends the process when it hears this; leaving by ourselves could lose the message.
}
