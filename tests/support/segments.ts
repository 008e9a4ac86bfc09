/** Running a model in one piece or in two, for tests that compare the numbers. */
import { basename } from 'node:path'
import { afterAll } from 'vitest'
import { createModelSessions, openModel, positionsFrom, type ModelSessions } from '../../src/main/models'
import { floatsOf, i64, openSession } from '../../src/main/runtime'
import type { Tensor } from '../../src/main/runtime/types'

/** Opens models on the CPU; all are released when the file's tests are done. */
export function modelOpener(): (folder: string) => Promise<ModelSessions> {
  const opened: ModelSessions[] = []
  afterAll(async () => {
    for (const sessions of opened) await sessions.release()
  })
  return async (folder) => {
    const sessions = createModelSessions(openSession, await openModel(folder), 'cpu')
    opened.push(sessions)
    return sessions
  }
}

/** Folders with their names in front, for the titles of tests. */
export const named = (folders: readonly string[]): [name: string, folder: string][] => folders.map((folder) => [basename(folder), folder])

/** 0 .. count - 1 as the feed `select`. */
export const every = (count: number): Tensor => positionsFrom(0, count)

/** Logits of all positions, float32 [position, d_vocab] in one list. */
export async function wholeRun(sessions: ModelSessions, ids: readonly number[]): Promise<Float32Array> {
  const session = await sessions.segment({ from: 'tokens', to: 'logits', cache: false })
  const feeds = { tokens: i64([1, ids.length], ids), positions: positionsFrom(0, ids.length), select: every(ids.length) }
  return floatsOf(await session.run(feeds), 'logits')
}

/** What a prefix without cache yields: the feeds `hook`, and `beside` off the residual stream, of the suffix. */
export async function prefixRun(sessions: ModelSessions, ids: readonly number[], hook: string): Promise<Record<string, Tensor>> {
  const prefix = await sessions.segment({ from: 'tokens', to: hook, cache: false })
  return prefix.run({ tokens: i64([1, ids.length], ids), positions: positionsFrom(0, ids.length) })
}

/** Logits of all positions from what a prefix yields, through the suffix without cache. */
export async function suffixRun(sessions: ModelSessions, hook: string, cut: Record<string, Tensor>, count: number): Promise<Float32Array> {
  const suffix = await sessions.segment({ from: hook, to: 'logits', cache: false })
  return floatsOf(await suffix.run({ ...cut, positions: positionsFrom(0, count), select: every(count) }), 'logits')
}
