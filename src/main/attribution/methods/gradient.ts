/**
 * The gradient alone, without the activation: score_i = sum over the positions n where the latent is active of dt/dz[n, i].
 * How much the target would change for one more unit of activation.
 */
import type { Method } from '../types'

export const gradientAlone: Method = {
  name: 'gradient',
  label: 'Gradient',
  line: 'How sensitive the target is to one more unit of activation, whatever the activation is.',
  formula: 'score = Σ over the positions where the latent is active of ∂t/∂z',
  source: 'a control: what remains of the score without the activation',
  substitution: 'reconstruction+error',
  target: 'logit',
  aggregation: 'signed-sum',
  order: 'absolute score',
  gradient: 'point',
  counterfactual: 'none',
  contribution: ({ gradient }) => gradient
}
