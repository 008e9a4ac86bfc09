/** Gathers what streams and hands it on once per frame, so that fast models do not make the window draw per token. */

export interface FrameBatches<T> {
  add(item: T): void
  /** Hands on what waits now. */
  flush(): void
  /** Forgets what waits. */
  drop(): void
}

/** Batches for `take`. A hidden window gets no frames; what came meanwhile waits for `flush`. */
export function frameBatches<T>(take: (items: T[]) => void): FrameBatches<T> {
  let waiting: T[] = []
  let frame: number | null = null
  const cancelFrame = (): void => {
    if (frame !== null) cancelAnimationFrame(frame)
    frame = null
  }
  const flush = (): void => {
    cancelFrame()
    if (waiting.length > 0) take(waiting)
    waiting = []
  }
  return {
    add(item: T): void {
      waiting.push(item)
      frame ??= requestAnimationFrame(flush)
    },
    flush,
    drop(): void {
      cancelFrame()
      waiting = []
    }
  }
}
