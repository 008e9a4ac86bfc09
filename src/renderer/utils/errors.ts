import { Cancelled, toWireError } from '../../shared/errors'
import type { ShownError } from '../components/ui/types'

/** Any failure of a call as what an error panel shows. */
export function shown(error: unknown): ShownError {
  const { message, fix, details } = toWireError(error)
  return { message, fix, details }
}

/** Whether a call ended because it was cancelled: an outcome, not an error. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof Cancelled
}
