/**
 * GradSAE as its authors compute it (Shu et al. 2025, arXiv 2505.08080, eq. 3; github.com/Tizzzzy/sae_gradient, experiment1/gradsae.py):
 *
 *   score_i = 1/N sum over positions n of relu(z[n, i] dp/dz[n, i])
 *
 * p is the probability of the chosen token at the last position of the model whose hook values are replaced by the SAE's
 * reconstruction at every position, without the error term. Contributions that lower p are dropped position by position, before the
 * mean. N counts every position, the first included.
 */
import type { Method } from '../types'

export const gradsae: Method = {
  name: 'gradsae',
  label: 'GradSAE',
  line: 'Which latents raise the probability of the target, as in the GradSAE paper.',
  formula: 'score = mean over positions of ReLU(z × ∂t/∂z): activation times gradient, positive parts only',
  source: 'Shu et al. 2025, arXiv 2505.08080, eq. 3, as in their code',
  substitution: 'reconstruction',
  target: 'probability',
  aggregation: 'mean-relu',
  order: 'score',
  gradient: 'point',
  counterfactual: 'none',
  contribution: ({ activation, gradient }) => activation * gradient
}
