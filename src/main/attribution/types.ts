/** What targets and methods are. Both are records in a list: one file and one line to add one. */
import type { MethodInfo, TargetInfo } from '../../shared/records/method'
import type { TargetInput } from '../../shared/records/ranking'
import type { Model } from '../models/types'

/** How one token's logits are read: softmax, as they are, or log-softmax. */
export type Reading = 'probability' | 'logit' | 'log-probability'

/** One reading of the logits: `id` null is the greedy token at that position. */
export interface Term {
  /** Index into the ids that are run; its logits predict the token after it. */
  readonly position: number
  readonly id: number | null
  readonly weight: number
}

/** A target resolved for one prompt: value = sum over terms of weight x reading(logits at position, id). */
export interface TargetPlan {
  /** The tokens that are run: the prompt's, and all but the last of a continuation. */
  readonly ids: readonly number[]
  readonly terms: readonly Term[]
  readonly chosenBy: 'greedy' | 'user'
}

/** The scalar that is explained: what menus say of it (shared/records/method.ts), and how it is made of readings. */
export interface Target extends TargetInfo {
  readonly reading: Reading
  /**
   * Resolves what is asked for the prompt `ids`; `position` null is the last one.
   * @throws TARGET_UNFIT where this kind does not take what is asked, TOKEN_UNKNOWN, TARGET_EMPTY, TARGET_SEVERAL_TOKENS,
   * POSITION_UNKNOWN, SPAN_UNKNOWN, TARGET_BOTH_SIDES, CONTINUATION_TOO_LONG
   */
  plan(model: Model, ids: readonly number[], asked: TargetInput, position: number | null): TargetPlan
  /** In words, of the tokens as they are shown: `log-probability of " sad"`. */
  label(tokens: readonly string[], terms: readonly Term[]): string
}

/** What a pair's contribution is made of. `other` is the activation that is patched in: 0 unless there is a counterfactual. */
export interface Pair {
  readonly activation: number
  readonly other: number
  /** d target / d activation at the point, or averaged along the path, that the method takes it. */
  readonly gradient: number
}

/** A named method: a preset of the switches and what menus say of it (shared/records/method.ts), and the contribution of a pair. */
export interface Method extends MethodInfo {
  /** c[n, i]; null where scores do not come from pairs (exact ablation, random). */
  readonly contribution: ((pair: Pair) => number) | null
}
