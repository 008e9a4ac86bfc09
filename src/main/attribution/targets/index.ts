/** The list of targets. A new target is one file, one line here, and its name in `TargetKind` (shared/records/ranking.ts). */
import { assert } from '../../../shared/errors'
import type { TargetKind } from '../../../shared/records/ranking'
import type { Target } from '../types'
import { continuation } from './continuation'
import { crossEntropy } from './cross-entropy'
import { logProbability } from './log-probability'
import { logit } from './logit'
import { logitDifference } from './logit-difference'
import { probability } from './probability'

export const TARGETS: readonly Target[] = [probability, logit, logProbability, logitDifference, continuation, crossEntropy]

export function targetOf(kind: TargetKind): Target {
  const target = TARGETS.find((candidate) => candidate.kind === kind)
  assert(target, `the target ${kind} is listed`)
  return target
}
