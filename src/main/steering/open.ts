/** Puts together what generation runs on. */
import type { ModelSessions } from '../models'
import type { SegmentSpec } from '../models/types'
import type { HookEditor } from './edit'
import type { RunningSegment, SteeredModel } from './read'

/**
 * A model cut at `hook` for steering; with a null `hook` it is whole and only a baseline can be run. Loads the sessions that are
 * not loaded yet: prefix and suffix with caches, the same ones that exact ablation uses.
 */
export async function openSteered(sessions: ModelSessions, hook: string | null, editor: HookEditor | null): Promise<SteeredModel> {
  const running = async (from: string, to: string): Promise<RunningSegment> => {
    const spec: SegmentSpec = { from, to, cache: true }
    return { session: await sessions.segment(spec), layers: sessions.layout(spec).layers }
  }
  if (hook === null) return { model: sessions.model, prefix: null, suffix: await running('tokens', 'logits'), editor: null }
  return { model: sessions.model, prefix: await running('tokens', hook), suffix: await running(hook, 'logits'), editor }
}
