/**
 * Integrated gradients from the baseline, all counted latents 0 (or a counterfactual prompt's), to the prompt's own activations:
 *
 *   score_i = sum over positions n of (z[n, i] - z'[n, i]) mean over steps k of dt/dz[n, i] at z' + (k + 1/2)/K (z - z')
 *
 * Midpoints, where Marks et al. 2024 (arXiv 2403.19647) take left ends: their sum is biased, this one's gap falls with 1/K². The error
 * term stays as it is with a zero baseline and is interpolated as well with a counterfactual. All latents move together, so the
 * contributions add up to the change of the target, but for the gap that is reported.
 */
import type { Method } from '../types'

export const integratedGradients: Method = {
  name: 'integrated-gradients',
  label: 'Integrated gradients',
  line: 'Activation times the gradient averaged along the path from nothing: contributions add up to the change.',
  formula: 'score = Σ over positions of (z − z′) × mean of ∂t/∂z over midpoints of the path from z′ to z; z′ is 0, or the counterfactual’s',
  source: 'Sundararajan et al. 2017, arXiv 1703.01365; on SAE latents Marks et al. 2024, arXiv 2403.19647',
  substitution: 'reconstruction+error',
  target: 'logit',
  aggregation: 'signed-sum',
  order: 'absolute score',
  gradient: 'path',
  counterfactual: 'possible',
  contribution: ({ activation, other, gradient }) => (activation - other) * gradient
}
