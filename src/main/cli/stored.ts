/** Long work whose events are stored as they come. */
import type { HandlerTask } from '../../shared/contract'
import type { Task } from '../../shared/task'

/**
 * Runs `work`; `store` gets its events one after the other, in the order they come. An event that cannot be stored stops the work.
 * @throws what `store` throws first, else what `work` throws
 */
export async function stored<E, T>(
  task: Task,
  store: (event: E) => Promise<void>,
  work: (task: HandlerTask<E>) => Promise<T> | T
): Promise<T> {
  const stop = new AbortController()
  const cancel = (): void => stop.abort()
  task.signal.addEventListener('abort', cancel)
  if (task.signal.aborted) stop.abort()
  let written = Promise.resolve()
  const failures: unknown[] = []
  const emit = (event: E): void => {
    written = written
      .then(() => store(event))
      .catch((error: unknown) => {
        failures.push(error)
        stop.abort()
      })
  }
  const running = { signal: stop.signal, progress: task.progress.bind(task), emit }
  const [outcome] = await Promise.allSettled([Promise.resolve().then(() => work(running))])
  task.signal.removeEventListener('abort', cancel)
  await written
  if (failures.length > 0) throw failures[0]
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}
