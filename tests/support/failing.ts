import { WorkbenchError } from '../../src/shared/errors'

/** The message and remedy that `work` fails with; anything but a WorkbenchError is thrown on. */
export async function failureOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (thrown) {
    if (thrown instanceof WorkbenchError) return `${thrown.message} ${thrown.fix}`
    throw thrown
  }
  throw new Error('it did not fail')
}
