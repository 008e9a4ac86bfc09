/** An oracle for steering: the whole text at once, without caches, cut at hook points whose values are changed by a function of the test's own. */
import type { ModelSessions } from '../../src/main/models'
import { f32, floatsOf, i64 } from '../../src/main/runtime'
import type { Feeds } from '../../src/main/runtime/types'

/** Changes the values at a hook point, [positions, width], in place. */
export interface Change {
  readonly hook: string
  change(values: Float32Array, width: number): void | Promise<void>
}

/** Logits after every position, [positions][d_vocab]. The hooks are in forward order. */
export async function plainLogits(sessions: ModelSessions, ids: readonly number[], changes: readonly Change[]): Promise<Float32Array[]> {
  const positions = i64([ids.length], [...ids.keys()])
  let from = 'tokens'
  let feeds: Feeds = { tokens: i64([1, ids.length], ids) }
  const run = async (to: string): Promise<Awaited<ReturnType<Awaited<ReturnType<ModelSessions['segment']>>['run']>>> => {
    const spec = { from, to, cache: false }
    const takes = sessions.layout(spec).graph.inputs.map(({ name }) => name)
    const all: Feeds = { ...feeds, positions, select: positions }
    return (await sessions.segment(spec)).run(Object.fromEntries(Object.entries(all).filter(([name]) => takes.includes(name))))
  }
  for (const { hook, change } of changes) {
    const outputs = await run(hook)
    const after = from === 'tokens' ? '' : '_out'
    const beside = outputs[`beside${after}`]
    const values = Float32Array.from(floatsOf(outputs, `hook${after}`))
    const width = values.length / ids.length
    await change(values, width)
    feeds = { hook: f32([1, ids.length, width], values), ...(beside ? { beside } : {}) }
    from = hook
  }
  const logits = floatsOf(await run('logits'), 'logits')
  const size = logits.length / ids.length
  return ids.map((_, at) => logits.slice(at * size, (at + 1) * size))
}

export function logprobOf(logits: Float32Array, id: number): number {
  let max = -Infinity
  for (const logit of logits) max = Math.max(max, logit)
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - max)
  return (logits[id] ?? NaN) - max - Math.log(sum)
}
