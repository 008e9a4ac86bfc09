/** What is asked, read strictly: method and switches resolved, prompt and target as ids, counted positions. Nothing is run. */
import { fail } from '../../shared/errors'
import type { AttributeInput } from '../../shared/contract/engine'
import type { Frozen, PositionScope, Substitution } from '../../shared/records/ranking'
import { promptIds } from '../models'
import type { Model } from '../models/types'
import { methodOf } from './methods'
import { targetOf } from './targets'
import type { Method, Target, TargetPlan } from './types'

/** What is asked, apart from which model and SAE it is asked of. */
export type AttributionRequest = Omit<AttributeInput, 'model' | 'sae' | 'hook' | 'device'>

/** A request that can be run. */
export interface Checked {
  readonly request: AttributionRequest
  /** The preset with the switches that were asked for in their places. */
  readonly method: Method
  readonly substitution: Substitution
  readonly target: Target
  readonly frozen: Frozen
  readonly scope: PositionScope
  readonly plan: TargetPlan
  /** The tokens of the counterfactual prompt, as many as are run; null where activations are patched to zero. */
  readonly other: readonly number[] | null
  /** Positions that count for scores and ablations, one flag each, and how many there are. */
  readonly counted: readonly boolean[]
  readonly countedPositions: number
}

const NOTHING: Frozen = { attention: false, norms: false }

/**
 * @throws PROMPT_EMPTY, PROMPT_TOO_LONG, PROMPT_ONLY_SPECIAL, POSITION_UNKNOWN, what the target's `plan` throws, COUNTERFACTUAL_MISSING,
 * COUNTERFACTUAL_UNUSED, COUNTERFACTUAL_LENGTH
 */
export function checkRequest(model: Model, request: AttributionRequest): Checked {
  const preset = methodOf(request.method)
  const target = targetOf(request.targetKind ?? preset.target)
  const method = { ...preset, aggregation: request.aggregation ?? preset.aggregation, target: target.kind }
  const ids = promptIds(model, request.prompt)
  const plan = target.plan(model, ids, request.target, request.position ?? null)
  const scope = request.scope ?? { kind: 'all' }
  const counted = countedOf(model, ids.length, plan.ids, scope, request.includeSpecial)
  return {
    request,
    method,
    substitution: request.substitution ?? preset.substitution,
    target,
    frozen: request.frozen ?? NOTHING,
    scope,
    plan,
    other: otherIds(model, method, request, ids, plan),
    counted,
    countedPositions: counted.filter(Boolean).length
  }
}

/**
 * Which positions count, one flag for each token that is run: those in the scope, special tokens as asked. "Last" is the prompt's last.
 * @throws POSITION_UNKNOWN, PROMPT_ONLY_SPECIAL
 */
export function countedOf(
  model: Model,
  promptLength: number,
  ids: readonly number[],
  scope: PositionScope,
  includeSpecial: boolean
): readonly boolean[] {
  if (scope.kind === 'range' && scope.to >= ids.length) fail('POSITION_UNKNOWN', { position: scope.to, last: ids.length - 1 })
  const inside = (position: number): boolean => {
    if (scope.kind === 'all') return true
    return scope.kind === 'last' ? position === promptLength - 1 : position >= scope.from && position <= scope.to
  }
  const counted = ids.map((id, position) => inside(position) && (includeSpecial || !model.tokenizer.specialIds.has(id)))
  return counted.includes(true) ? counted : fail('PROMPT_ONLY_SPECIAL')
}

function otherIds(
  model: Model,
  { label, counterfactual }: Method,
  request: AttributionRequest,
  ids: readonly number[],
  plan: TargetPlan
): readonly number[] | null {
  const given = request.counterfactual ?? null
  if (given === null) return counterfactual === 'needed' ? fail('COUNTERFACTUAL_MISSING', { method: label }) : null
  if (counterfactual === 'none') return fail('COUNTERFACTUAL_UNUSED', { method: label })
  const other = promptIds(model, given)
  if (other.length !== ids.length) fail('COUNTERFACTUAL_LENGTH', { prompt: ids.length, other: other.length })
  return [...other, ...plan.ids.slice(ids.length)]
}
