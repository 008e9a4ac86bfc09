/**
 * The contract between the window and the processes behind it. A call is one line in one of the groups; the client's
 * and the handlers' types derive from it, and a missing handler does not compile.
 */
import { archiveCalls } from './archive'
import type { Call, CallTable, Event, Input, Output, Parsed, Progress } from './call'
import { engineCalls } from './engine'
import { shellCalls } from './shell'
import type { Task } from '../task'

export { archiveCalls, engineCalls, shellCalls }
export type { Call, CallTable, Event, Input, Output, Parsed, Progress }

export type EngineCalls = typeof engineCalls
export type ArchiveCalls = typeof archiveCalls
export type ShellCalls = typeof shellCalls

/** What a handler is given besides its input. */
export interface HandlerTask<E> extends Task {
  emit(event: E): void
}

/** One function per call; what a process must provide. */
export type Handlers<T extends CallTable> = {
  [K in keyof T]: (input: Parsed<T[K]>, task: HandlerTask<Event<T[K]>>) => Promise<Output<T[K]>> | Output<T[K]>
}

export interface CallOptions<E> {
  onEvent?: (event: E) => void
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
}

/** What the window holds for a group of calls. Rejects with WorkbenchError or Cancelled. */
export interface Client<T extends CallTable> {
  call<K extends keyof T & string>(name: K, input: Input<T[K]>, options?: CallOptions<Event<T[K]>>): Promise<Output<T[K]>>
}
