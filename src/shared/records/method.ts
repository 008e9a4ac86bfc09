/** What the engine says of its methods and targets, so that the window lists what there is. */
import { z } from 'zod'
import { Aggregation, MethodName, Substitution, TargetKind } from './ranking'

export const MethodInfo = z.object({
  name: MethodName,
  /** As menus show it: "GradSAE". */
  label: z.string(),
  /** What it answers, in one line. */
  line: z.string(),
  /** Its formula in words and symbols. */
  formula: z.string(),
  /** Where it comes from. */
  source: z.string(),
  /** The preset of the switches. */
  substitution: Substitution,
  target: TargetKind,
  aggregation: Aggregation,
  /** What the ranking is ordered by. */
  order: z.enum(['score', 'absolute score']),
  /** Where its gradient is taken: at the substituted values, averaged along a path, along the direct path to the logits, or not at all. */
  gradient: z.enum(['point', 'path', 'direct', 'none']),
  /** Whether a counterfactual prompt is needed, possible, or meaningless. */
  counterfactual: z.enum(['needed', 'possible', 'none'])
})
export type MethodInfo = z.infer<typeof MethodInfo>

export const TargetInfo = z.object({
  kind: TargetKind,
  /** As menus show it: "Log-probability". */
  title: z.string(),
  /** What it is and when to choose it, in one line. */
  line: z.string(),
  /** Unit of its scores, as axes show it. */
  unit: z.string()
})
export type TargetInfo = z.infer<typeof TargetInfo>
