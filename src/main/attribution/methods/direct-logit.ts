/**
 * Direct logit attribution (methods.md 5.2): what the latent's decoder row adds to the logit without going through later blocks,
 *
 *   score_i = sum over positions n of z[n, i] (W_dec[i] gamma / s_n) . W_U[:, t]
 *
 * with s_n the final norm's scale at n, held as it is (LayerNorm also takes the row's mean out). Only the positions whose logits the target
 * reads contribute. A soft cap of the logits is taken to first order.
 */
import type { Method } from '../types'

export const directLogit: Method = {
  name: 'direct-logit',
  label: 'Direct logit',
  line: 'What the latents write straight into the logit, without going through later layers.',
  formula:
    'score = Σ over the target’s positions of z × (W_dec row through the final norm with its scale held) · W_U: the direct path alone',
  source: 'direct logit attribution; Elhage et al. 2021, transformer-circuits.pub/2021/framework',
  substitution: 'reconstruction+error',
  target: 'logit',
  aggregation: 'signed-sum',
  order: 'absolute score',
  gradient: 'direct',
  counterfactual: 'none',
  contribution: ({ activation, gradient }) => activation * gradient
}
