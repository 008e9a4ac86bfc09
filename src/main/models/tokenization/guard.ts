/** A limit on the time that foreign regular expressions may take: some need 2^n steps for a text of n characters. */
import { createContext, Script } from 'node:vm'

const context = createContext({})
const script = new Script('run()')

/**
 * Runs `run`, and ends it after `milliseconds` (the engine stops regular expressions in the middle of backtracking).
 * Starting the clock costs about 0.2 ms, so what is known to be harmless need not come here.
 * @returns the result, or null when the time was over
 */
export function within<T>(milliseconds: number, run: () => T): { readonly result: T } | null {
  let outcome: { readonly result: T } | null = null
  context.run = () => void (outcome = { result: run() })
  try {
    script.runInContext(context, { timeout: milliseconds })
    return outcome
  } catch (error) {
    // Made outside of this realm: it is no instance of our Error.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null
    throw error
  } finally {
    context.run = undefined
  }
}
