/** A preflight that comes with a call is kept with what is made, so it must be of these very files. */
import { fail } from '../../shared/errors'
import type { PreflightSummary } from '../../shared/records/preflight'

interface Opened {
  readonly name: string
  readonly hash: string
}

/** The summary itself, null where there is none. @throws PREFLIGHT_STALE where it is of another model or SAE than those opened */
export function checkPreflight(preflight: PreflightSummary | null | undefined, model: Opened, sae: Opened): PreflightSummary | null {
  if (!preflight) return null
  if (preflight.modelHash !== model.hash) fail('PREFLIGHT_STALE', { reason: staleReason('model', model, preflight.modelHash) })
  if (preflight.saeHash !== sae.hash) fail('PREFLIGHT_STALE', { reason: staleReason('SAE', sae, preflight.saeHash) })
  return preflight
}

function staleReason(kind: 'model' | 'SAE', { name, hash }: Opened, other: string): string {
  return `it looked at ${kind === 'SAE' ? 'an' : 'a'} ${kind} with the hash ${other}, and ${name} has ${hash}`
}
