/**
 * Work that many parts of the window want again and again while something streams, one part per frame in turn: with n parts each has its turn
 * every n frames, and no frame does the work of all.
 */

export interface Turns {
  /** Asks for a turn; a part that waits already keeps its place, with the newest work. */
  ask(part: object, work: () => void): void
  /** Takes back what a part asked for. */
  leave(part: object): void
}

/** Turns on a clock of frames; `schedule` calls back at the next one. */
export function takeTurns(schedule: (next: () => void) => void): Turns {
  const waiting = new Map<object, () => void>()
  let scheduled = false
  function next(): void {
    scheduled = false
    const [first] = waiting
    if (!first) return
    waiting.delete(first[0])
    if (waiting.size > 0) plan()
    first[1]()
  }
  function plan(): void {
    if (scheduled) return
    scheduled = true
    schedule(next)
  }
  return {
    ask(part, work): void {
      waiting.set(part, work)
      plan()
    },
    leave: (part) => void waiting.delete(part)
  }
}
