/** Values of many hook points of a model at once, for the search. */
import { floatsOf, i64 } from '../runtime'
import type { OpenSession } from '../runtime/types'
import { buildObserver, positionsFrom, type ModelSessions } from '../models'
import type { WindowValues } from './fit'

/** For each hook point the windows' values there, in one pass of the model; the session is gone again afterwards. @throws HOOK_UNKNOWN */
export async function observe(
  openSession: OpenSession,
  { model, requested }: ModelSessions,
  windows: readonly (readonly number[])[],
  hooks: readonly string[]
): Promise<Map<string, WindowValues[]>> {
  const session = await openSession(buildObserver(model, hooks), {
    folder: model.folder,
    device: requested,
    doing: `loading the model ${model.name}`
  })
  try {
    const found = new Map<string, WindowValues[]>(hooks.map((hook) => [hook, []]))
    for (const ids of windows) {
      const outputs = await session.run({ tokens: i64([1, ids.length], ids), positions: positionsFrom(0, ids.length) })
      hooks.forEach((hook, i) => {
        // A copy: the runtime may reuse what it handed out.
        const value = Float32Array.from(floatsOf(outputs, `at.${i}`))
        found.get(hook)?.push({ ids, input: value, value })
      })
    }
    return found
  } finally {
    await session.release()
  }
}
