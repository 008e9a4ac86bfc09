/** The log-probability of a token: log softmax(logits)[id], in nats. Its gradient carries the factor 1 - p. */
import type { Target } from '../types'
import { planToken, quoted } from '../target-tokens'

export const logProbability: Target = {
  kind: 'log-probability',
  title: 'Log-probability',
  line: 'The logarithm of how likely the token is: what cross-entropy is made of; it vanishes as p nears 1.',
  unit: 'nats',
  reading: 'log-probability',
  plan: (model, ids, asked, position) => planToken('log-probability', model, ids, asked, position),
  label: (tokens) => `log-probability of ${quoted(tokens)}`
}
