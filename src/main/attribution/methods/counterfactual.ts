/**
 * Attribution patching to a counterfactual prompt (Marks et al. 2024, arXiv 2403.19647; methods.md 5.1):
 *
 *   score_i = sum over positions n of (z[n, i] - z'[n, i]) dt/dz[n, i],   error node[n] = (e[n] - e'[n]) . dt/dx[n]
 *
 * z' and e' are the activations and the error of the other prompt, token by token; the gradient is taken at the prompt's own values. The
 * paper's indirect effect has the other sign: it asks what patching adds, this what patching takes away, as the exact check does.
 */
import type { Method } from '../types'

export const counterfactual: Method = {
  name: 'counterfactual',
  label: 'Counterfactual',
  line: 'Which latents make the difference between this prompt and another of as many tokens.',
  formula:
    'score = Σ over positions of (z − z′) × ∂t/∂z, z′ the activations on the counterfactual prompt: what patching them in takes from the target',
  source: 'Marks et al. 2024, arXiv 2403.19647 (attribution patching, error node included)',
  substitution: 'reconstruction+error',
  target: 'logit',
  aggregation: 'signed-sum',
  order: 'absolute score',
  gradient: 'point',
  counterfactual: 'needed',
  contribution: ({ activation, other, gradient }) => (activation - other) * gradient
}
