/**
 * Attribution with the error term kept, so that the model explained is the model itself:
 *
 *   score_i = sum over positions n of z[n, i] dlogit/dz[n, i]
 *
 * The first-order estimate of what zeroing the latent takes from the logit of the chosen token (attribution patching with a zero
 * baseline; Marks et al. 2024, arXiv 2403.19647, keep the error term in the same way).
 */
import { logit } from '../targets/logit'
import type { Method } from '../types'

export const attribution: Method = {
  name: 'attribution',
  substitution: 'reconstruction+error',
  target: logit,
  aggregation: 'signed-sum',
  order: 'absolute score'
}
