/**
 * Exact zero-ablation of every active latent, one by one: score_i = target before - target after the latent is really zeroed at every counted
 * position and the rest of the model is run again. What the other methods estimate; one forward pass for each latent.
 */
import type { Method } from '../types'

export const exact: Method = {
  name: 'exact',
  label: 'Exact ablation',
  line: 'The true change of the target when each latent is really zeroed: the measure of all others, and the slowest.',
  formula: 'score = target before − target after the latent is zeroed at every counted position, the rest of the model run again',
  source: 'occlusion; eq. 2 of Shu et al. 2025, arXiv 2505.08080, over latents instead of pairs',
  substitution: 'reconstruction+error',
  target: 'logit',
  aggregation: 'signed-sum',
  order: 'absolute score',
  gradient: 'none',
  counterfactual: 'none',
  contribution: null
}
