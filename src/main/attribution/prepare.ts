/** What ranking and exact check share: the prompt read, the SAE applied, the hook values a method writes. */
import { fail } from '../../shared/errors'
import type { AttributeInput } from '../../shared/contract/engine'
import { promptIds } from '../models'
import type { ActiveLatents } from '../saes'
import { hookValues, targetId, type Bench, type HookValues } from './bench'
import { methodOf } from './methods'
import type { Method } from './types'

/** What is asked, apart from which model and SAE it is asked of. */
export type AttributionRequest = Pick<
  AttributeInput,
  'prompt' | 'method' | 'target' | 'includeSpecial' | 'modelTop' | 'reading' | 'preflight'
>

export interface Prepared {
  readonly method: Method
  readonly ids: readonly number[]
  /** The token asked for; null for the greedy one. */
  readonly target: number | null
  /** Positions that count for scores and ablations, one flag each, and how many there are. */
  readonly counted: readonly boolean[]
  readonly countedPositions: number
  /** The model's own hook values. */
  readonly own: HookValues
  readonly active: ActiveLatents
  /** What the method writes at the hook point, [positions, d_out]. */
  readonly substituted: Float32Array
}

/** @throws PROMPT_EMPTY, PROMPT_TOO_LONG, PROMPT_ONLY_SPECIAL, TOKEN_UNKNOWN, TARGET_EMPTY, TARGET_SEVERAL_TOKENS, SAE_TOO_WIDE, NUMBERS_NOT_FINITE */
export async function prepare(bench: Bench, request: AttributionRequest): Promise<Prepared> {
  const { model } = bench.sessions
  const method = methodOf(request.method)
  const ids = promptIds(model, request.prompt)
  const target = targetId(model, request.target)
  const counted = ids.map((id) => request.includeSpecial || !model.tokenizer.specialIds.has(id))
  const countedPositions = counted.filter(Boolean).length
  if (countedPositions === 0) fail('PROMPT_ONLY_SPECIAL')
  const own = await hookValues(bench, ids)
  const active = await bench.encoder.encode(own.input, ids.length, own.value)
  // Reconstruction plus error is the hook value itself; taking it from there spares a rounding.
  const substituted = method.substitution === 'reconstruction' ? active.reconstruction : own.value
  return { method, ids, target, counted, countedPositions, own, active, substituted }
}
