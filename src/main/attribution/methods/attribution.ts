/**
 * Attribution patching to zero with the error term kept, so that the model explained is the model itself:
 *
 *   score_i = sum over positions n of z[n, i] dt/dz[n, i]
 *
 * The first-order estimate of what zeroing the latent takes from the target (Marks et al. 2024, arXiv 2403.19647, keep the error term in
 * the same way).
 */
import type { Method } from '../types'

export const attribution: Method = {
  name: 'attribution',
  label: 'Attribution',
  line: 'Which latents raise or lower the target; signed, the error term kept (attribution patching to zero).',
  formula: 'score = Σ over positions of z × ∂t/∂z: the first-order estimate of what zeroing the latent takes from the target',
  source: 'attribution patching with a zero baseline; Marks et al. 2024, arXiv 2403.19647',
  substitution: 'reconstruction+error',
  target: 'logit',
  aggregation: 'signed-sum',
  order: 'absolute score',
  gradient: 'point',
  counterfactual: 'none',
  contribution: ({ activation, gradient }) => activation * gradient
}
