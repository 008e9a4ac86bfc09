/** The logit of a token: logits[id]. */
import type { Target } from '../types'
import { planToken, quoted } from '../target-tokens'

export const logit: Target = {
  kind: 'logit',
  title: 'Logit',
  line: 'The token’s logit, which does not saturate; it says nothing of other tokens.',
  unit: 'logit',
  reading: 'logit',
  plan: (model, ids, asked, position) => planToken('logit', model, ids, asked, position),
  label: (tokens) => `logit of ${quoted(tokens)}`
}
