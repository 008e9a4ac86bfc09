/**
 * The mean activation: score_i = 1/N sum over positions n of z[n, i]. The baseline of the GradSAE paper (Shu et al. 2025, arXiv 2505.08080,
 * section 4): what is ranked by activations alone, without asking what they do.
 */
import type { Method } from '../types'

export const meanActivation: Method = {
  name: 'mean-activation',
  label: 'Mean activation',
  line: 'Which latents are most active on average: the paper’s baseline, which does not ask what they do.',
  formula: 'score = mean over positions of z',
  source: 'the baseline of Shu et al. 2025, arXiv 2505.08080',
  substitution: 'reconstruction',
  target: 'probability',
  aggregation: 'mean',
  order: 'score',
  gradient: 'none',
  counterfactual: 'none',
  contribution: ({ activation }) => activation
}
