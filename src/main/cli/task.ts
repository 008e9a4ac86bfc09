import type { HandlerTask } from '../../shared/contract'
import type { Task } from '../../shared/task'

/** A handler's task whose streamed events nobody needs: the command line prints the output alone. */
export function quietHandlerTask<E>(task: Task): HandlerTask<E> {
  return { signal: task.signal, progress: (stage, done, total) => task.progress(stage, done, total), emit: () => undefined }
}

/** Progress on stderr: one rewritten line on a terminal, one line per stage elsewhere. */
export function stderrTask(signal: AbortSignal): Task & { clear(): void } {
  const terminal = process.stderr.isTTY === true
  let stage = ''
  return {
    signal,
    progress(next, done, total) {
      if (terminal) process.stderr.write(`\r\x1b[K${next} ${done} of ${total}`)
      else if (next !== stage) process.stderr.write(`${next}\n`)
      stage = next
    },
    clear() {
      if (terminal && stage !== '') process.stderr.write('\r\x1b[K')
    }
  }
}
