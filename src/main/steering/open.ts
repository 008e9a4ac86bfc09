/** Puts together what generation runs on. */
import type { ModelSessions } from '../models'
import type { SegmentSpec } from '../models/types'
import type { HookEditor } from './edit'
import type { RunningSegment, SteeredModel } from './read'

/**
 * A model cut at a hook point for steering; with a null `cut` it is whole and only a baseline can be run. Loads the sessions that are
 * not loaded yet: prefix and suffix with caches, the same ones that exact ablation uses.
 */
export async function openSteered(
  sessions: ModelSessions,
  cut: { readonly hook: string; readonly reads: string } | null,
  editor: HookEditor | null
): Promise<SteeredModel> {
  const running = async (from: string, to: string, also?: string): Promise<RunningSegment> => {
    const spec: SegmentSpec = { from, to, cache: true, ...(also === undefined ? {} : { also }) }
    return { session: await sessions.segment(spec), layers: sessions.layout(spec).layers }
  }
  if (cut === null) return { model: sessions.model, prefix: null, suffix: await running('tokens', 'logits'), editor: null }
  const { hook, reads } = cut
  return {
    model: sessions.model,
    prefix: await running('tokens', hook, reads === hook ? undefined : reads),
    suffix: await running(hook, 'logits'),
    editor
  }
}
