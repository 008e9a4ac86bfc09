/** Work that must be done in the order in which it arrives, while more of it goes on arriving. */
export interface OneByOne<T> {
  take: (one: T) => void
  /** Resolves when everything taken so far is done; rejects with the first failure. */
  settled: () => Promise<void>
}

/**
 * Does `work` for what is taken, one after the other. After the first failure nothing more is done, so that nothing is kept that follows
 * something lost; `failed` hears of it at once.
 */
export function oneByOne<T>(work: (one: T) => Promise<void>, failed: (error: unknown) => void): OneByOne<T> {
  let last: Promise<void> = Promise.resolve()
  let failure: { readonly error: unknown } | null = null
  const next = async (one: T): Promise<void> => {
    if (failure !== null) return
    try {
      await work(one)
    } catch (error) {
      failure = { error }
      failed(error)
    }
  }
  return {
    take(one) {
      last = last.then(() => next(one))
    },
    async settled() {
      await last
      if (failure !== null) throw failure.error
    }
  }
}
