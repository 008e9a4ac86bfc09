/** The list of targets. A new target is one file, one line here, and its name in `TargetKind` (shared/records/ranking.ts). */
import type { Target } from '../types'
import { logit } from './logit'
import { probability } from './probability'

export const TARGETS: readonly Target[] = [probability, logit]
