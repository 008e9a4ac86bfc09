import type { MethodName, TargetKind } from '../../../shared/records/ranking'

/** What the window says of each method: one line, and the formula on hover. */
export const METHODS: Record<MethodName, { label: string; line: string; formula: string }> = {
  gradsae: {
    label: 'GradSAE',
    line: 'Which latents raise the probability of the target, as in the GradSAE paper.',
    formula:
      'score = mean over positions of ReLU(z × ∂p/∂z)\n\np: probability of the target token at the last position\nz: activation of the latent\n\nThe SAE’s reconstruction replaces the residual stream at every position; the error term is left out. Without a chosen target, the model’s greedy next token under that substitution is taken.'
  },
  attribution: {
    label: 'Attribution',
    line: 'Which latents raise or lower the logit of the target; signed, the error term kept.',
    formula:
      'score = Σ over positions of z × ∂logit/∂z\n\nlogit: of the target token at the last position\nz: activation of the latent\n\nThe reconstruction plus the SAE’s error is written back, so the model’s own output does not change. Without a chosen target, the model’s greedy next token is taken.'
  }
}

/** Unit of a method's scores, as axes and tooltips show it. */
export const UNITS: Record<TargetKind, string> = { probability: 'probability', logit: 'logit' }
