/** Names of hook points. One place in the model may have two names: after block i is before block i + 1. */
import { fail } from '../../shared/errors'
import type { Model } from './types'

/**
 * The name under which a place is known inside: `blocks.{i}.hook_resid_pre` with i > 0 is `blocks.{i-1}.hook_resid_post`.
 * Other names are returned as they are.
 */
export function canonicalHook(hook: string): string {
  const before = /^blocks\.([1-9]\d*)\.hook_resid_pre$/.exec(hook)
  return before?.[1] === undefined ? hook : `blocks.${Number(before[1]) - 1}.hook_resid_post`
}

/** Layer of a hook point inside a block. */
export function layerOf(hook: string): number {
  const found = /^blocks\.(\d+)\./.exec(hook)
  return found?.[1] === undefined ? 0 : Number(found[1])
}

/** The hook point itself when the model can be cut there. @throws HOOK_UNKNOWN, listing the ones there are */
export function checkHook(model: Model, hook: string): string {
  const points = model.architecture.hookPoints(model.config)
  if (points.includes(hook)) return hook
  return fail('HOOK_UNKNOWN', { model: model.name, hook, supported: points.join(', ') })
}
