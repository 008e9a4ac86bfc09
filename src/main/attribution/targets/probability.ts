/** The probability of a token: softmax(logits)[id]. Its gradient carries the factor p (1 - p), which vanishes as p nears 1. */
import type { Target } from '../types'
import { planToken, quoted } from '../target-tokens'

export const probability: Target = {
  kind: 'probability',
  title: 'Probability',
  line: 'How likely the token is. Its gradient vanishes as p nears 1 or 0; the logit does not.',
  unit: 'probability',
  reading: 'probability',
  plan: (model, ids, asked, position) => planToken('probability', model, ids, asked, position),
  label: (tokens) => `probability of ${quoted(tokens)}`
}
