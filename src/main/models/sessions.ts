/** Running sessions of one model: each segment is loaded once, when it is first needed. */
import type { Device } from '../../shared/records/model'
import type { OpenSession, Session } from '../runtime/types'
import { canonicalHook } from './hooks'
import { buildSegment } from './segment'
import type { Model, Segment, SegmentSpec } from './types'

/** A model that can be run. */
export interface ModelSessions {
  readonly model: Model
  readonly requested: Device
  /** The session of a segment; loaded at the first call, one load at a time for each segment. */
  segment(spec: SegmentSpec): Promise<Session>
  /** What `segment` loads: inputs, outputs and layers, built once. @throws HOOK_UNKNOWN */
  layout(spec: SegmentSpec): Segment
  /** The device that runs it, as the last loaded session reports; null before anything was loaded. */
  device(): Session['device'] | null
  /** Frees every session. A segment asked for afterwards is loaded anew. */
  release(): Promise<void>
}

export function createModelSessions(openSession: OpenSession, model: Model, device: Device): ModelSessions {
  const opened = new Map<string, Promise<Session>>()
  const built = new Map<string, Segment>()
  let used: Session['device'] | null = null

  const layout = (spec: SegmentSpec): Segment => {
    const segment = built.get(keyOf(spec)) ?? buildSegment(model, spec)
    built.set(keyOf(spec), segment)
    return segment
  }

  const open = async (spec: SegmentSpec): Promise<Session> => {
    const doing = `loading the model ${model.name}`
    const session = await openSession(layout(spec).graph, { folder: model.folder, device, doing })
    used = session.device
    return session
  }

  return {
    model,
    requested: device,
    segment(spec) {
      const key = keyOf(spec)
      const known = opened.get(key)
      if (known) return known
      const opening = open(spec)
      opened.set(key, opening)
      // A load that failed (no memory, say) may succeed later: it is not remembered.
      opening.catch(() => opened.delete(key))
      return opening
    },
    layout,
    device: () => used,
    async release() {
      const sessions = await Promise.allSettled(opened.values())
      opened.clear()
      for (const session of sessions) if (session.status === 'fulfilled') await session.value.release()
    }
  }
}

function keyOf({ from, to, cache, also, ragged = false, patterns, watch = [] }: SegmentSpec): string {
  return [from, to, String(cache), String(ragged), patterns ?? '', also ?? '', ...watch].map(canonicalHook).join(' ')
}
