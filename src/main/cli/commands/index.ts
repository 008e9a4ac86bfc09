import type { Command } from '../command'
import { activations } from './activations'
import { attribute } from './attribute'
import { attributeLayers } from './attribute-layers'
import { attributeSet } from './attribute-set'
import { demo } from './demo'
import { experiment } from './experiment'
import { exportTokens } from './export-tokens'
import { exportVector } from './export-vector'
import { generate } from './generate'
import { inspect } from './inspect'
import { labels } from './labels'
import { logits } from './logits'
import { merge } from './merge'
import { preflight } from './preflight'
import { report } from './report'
import { steer } from './steer'

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  inspect,
  preflight,
  logits,
  activations,
  attribute,
  attributeLayers,
  attributeSet,
  merge,
  experiment,
  generate,
  steer,
  exportVector,
  ...labels,
  report,
  exportTokens,
  demo
]
