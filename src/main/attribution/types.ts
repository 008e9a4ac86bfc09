/** What targets and methods are. Both are records in a list: one file and one line to add one. */
import type { Aggregation, MethodName, Substitution, TargetInput, TargetKind } from '../../shared/records/ranking'
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

/** The scalar that is explained. */
export interface Target {
  readonly kind: TargetKind
  readonly reading: Reading
  /**
   * Resolves what is asked for the prompt `ids`; `position` null is the last one.
   * @throws TARGET_UNFIT where this kind does not take what is asked, TOKEN_UNKNOWN, TARGET_EMPTY, TARGET_SEVERAL_TOKENS, POSITION_UNKNOWN, PROMPT_TOO_LONG
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

/** Where a method's gradient is taken: at the substituted values, averaged along a path, along the direct path to the logits, or not at all. */
export type GradientOf = 'point' | 'path' | 'direct' | 'none'

/** A named method: a preset of the switches, and the contribution of a pair. */
export interface Method {
  readonly name: MethodName
  /** Its formula in words and symbols, shown with every ranking. */
  readonly formula: string
  /** Where it comes from. */
  readonly source: string
  readonly substitution: Substitution
  readonly target: TargetKind
  readonly aggregation: Aggregation
  /** What the ranking is ordered by. */
  readonly order: 'score' | 'absolute score'
  readonly gradient: GradientOf
  /** Whether a counterfactual prompt is needed, possible, or meaningless. */
  readonly counterfactual: 'needed' | 'possible' | 'none'
  /** c[n, i]; null where scores do not come from pairs (exact ablation, random). */
  readonly contribution: ((pair: Pair) => number) | null
}
