/**
 * The largest activation of any position: score_i = max over positions n of z[n, i]. What most viewers of latents order by.
 */
import type { Method } from '../types'

export const maxActivation: Method = {
  name: 'max-activation',
  label: 'Max activation',
  line: 'Which latents are most active anywhere in the prompt.',
  formula: 'score = largest z of any position',
  source: 'a control: the order most viewers of latents use',
  substitution: 'reconstruction',
  target: 'probability',
  aggregation: 'max',
  order: 'score',
  gradient: 'none',
  counterfactual: 'none',
  contribution: ({ activation }) => activation
}
