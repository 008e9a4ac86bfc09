/** Opened things that cost memory: kept while they are used and for a while after, the least recently used freed first. */

export interface Cache<V> {
  /**
   * Runs `work` with the value of `key`, opening it when it is not open. A value in use is never freed; one whose opening failed is
   * not remembered, so that it can be tried again.
   */
  use<R>(key: string, open: () => Promise<V>, work: (value: V) => Promise<R> | R): Promise<R>
  /** Frees everything that is not in use. */
  clear(): Promise<void>
}

interface Entry<V> {
  readonly opening: Promise<V>
  users: number
}

/** A cache that keeps up to `limit` values that nobody uses. */
export function createCache<V>(limit: number, free: (value: V) => Promise<void>): Cache<V> {
  // A Map keeps its keys in the order of insertion: an entry that is used moves to the end.
  const entries = new Map<string, Entry<V>>()

  const acquire = (key: string, open: () => Promise<V>): Entry<V> => {
    const entry = entries.get(key) ?? { opening: open(), users: 0 }
    entries.delete(key)
    entries.set(key, entry)
    entry.users += 1
    return entry
  }

  const evict = async (keep: number): Promise<void> => {
    const idle = [...entries].filter(([, { users }]) => users === 0)
    for (const [key, { opening }] of idle.slice(0, Math.max(0, idle.length - keep))) {
      entries.delete(key)
      await free(await opening)
    }
  }

  return {
    async use(key, open, work) {
      const entry = acquire(key, open)
      try {
        return await work(
          await entry.opening.catch((error: unknown) => {
            if (entries.get(key) === entry) entries.delete(key)
            throw error
          })
        )
      } finally {
        entry.users -= 1
        await evict(limit)
      }
    },
    clear: () => evict(0)
  }
}
