import { Cancelled } from './errors'

/** What long work is given: a signal to check between runs, and a place to say how far it is. */
export interface Task {
  readonly signal: AbortSignal
  progress(stage: string, done: number, total: number): void
}

/** Throws `Cancelled` when the task was cancelled. Call it between runs. */
export function checkCancelled(task: Task): void {
  if (task.signal.aborted) throw new Cancelled()
}

/**
 * Lets the event loop turn, so that a cancel message can be heard, then checks for it.
 * Inference runs block their thread (see docs/architecture.md), so long work calls this between runs.
 */
export async function breathe(task: Task): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
  checkCancelled(task)
}

/** A task nobody watches: for tests and one-shot calls. */
export function quietTask(): Task {
  return { signal: new AbortController().signal, progress: () => undefined }
}
