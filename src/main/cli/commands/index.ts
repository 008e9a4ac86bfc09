import type { Command } from '../command'
import { activations } from './activations'
import { attribute } from './attribute'
import { attributeLayers } from './attribute-layers'
import { demo } from './demo'
import { generate } from './generate'
import { inspect } from './inspect'
import { labels } from './labels'
import { logits } from './logits'
import { preflight } from './preflight'
import { report } from './report'

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  inspect,
  preflight,
  logits,
  activations,
  attribute,
  attributeLayers,
  generate,
  ...labels,
  report,
  demo
]
