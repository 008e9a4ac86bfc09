/**
 * A random order of the active latents, the same for the same seed: the control that any method must beat.
 */
import type { Method } from '../types'

export const random: Method = {
  name: 'random',
  label: 'Random',
  line: 'The active latents in random order: the control that every method must beat.',
  formula: 'score = a number drawn evenly from 0 to 1 for each active latent, from the seed',
  source: 'a control',
  substitution: 'reconstruction+error',
  target: 'logit',
  aggregation: 'signed-sum',
  order: 'score',
  gradient: 'none',
  counterfactual: 'none',
  contribution: null
}
