/** What targets and methods are. Both are records in a list: one file and one line to add one. */
import type { Aggregation, MethodName, Substitution, TargetKind } from '../../shared/records/ranking'
import type { Graph, Value } from '../graph/types'

/** What a target may be built from, for each of `rows` rows of logits. */
export interface Choice {
  /** [rows, d_vocab] */
  readonly logits: Value
  /** The chosen token, int64 [rows, 1]. */
  readonly ids: Value
  /** Emits the chosen token's logit alone, [rows]: its gradient does not go through the whole vocabulary. */
  logit(): Value
}

/** The scalar that is explained. */
export interface Target {
  readonly kind: TargetKind
  /** Emits its value, [rows]. */
  emit(graph: Graph, choice: Choice): Value
  /** The same from one row of logits in this process, in float64: what ablations are measured with. */
  read(logits: Float32Array, id: number): number
}

/** An attribution method: nothing but a choice on each of four questions. */
export interface Method {
  readonly name: MethodName
  /** What is written at the hook point, at every position. */
  readonly substitution: Substitution
  readonly target: Target
  /** How (position, latent) scores become one score per latent. */
  readonly aggregation: Aggregation
  /** What the ranking is ordered by. */
  readonly order: 'score' | 'absolute score'
}
