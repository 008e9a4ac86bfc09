/**
 * The check that the mathematics gives for free on every run (docs/architecture.md):
 *
 *   g . resid  =  sum of activation x gradient  +  g . (what the decoder writes with no latent active)  +  g . error
 *
 * with g the gradient at the substituted hook values and resid the model's own. It holds for any g because
 * resid = reconstruction + error, and it fails when a factor of the decoder is left out of the latents' gradients.
 */
import type { Identity } from '../../shared/records/ranking'
import type { ActiveLatents } from '../saes'

/** Above this `relativeGap` the parts do not add up: float32 reconstructions are good to about 1e-6. */
export const IDENTITY_TOLERANCE = 1e-4

/**
 * `gradient` and the model's own hook values `own` are [positions, d_out]; `latents` is the sum of activation x gradient over all active pairs. Sums in float64.
 */
export function identityOf(active: ActiveLatents, own: Float32Array, gradient: Float32Array, latents: number): Identity {
  const { d_out, tokenScale, tokenShift, bias, skip } = active
  let total = 0
  let decoderBias = 0
  let error = 0
  for (let position = 0; position < active.positions; position++) {
    const [scale, shift] = [tokenScale[position] ?? 1, tokenShift[position] ?? 0]
    const start = position * d_out
    for (let i = 0; i < d_out; i++) {
      const g = gradient[start + i] ?? 0
      total += g * (own[start + i] ?? 0)
      decoderBias += g * (scale * (bias[i] ?? 0) + shift + (skip?.[start + i] ?? 0))
      error += g * (active.error[start + i] ?? 0)
    }
  }
  const size = Math.abs(latents) + Math.abs(decoderBias) + Math.abs(error)
  const gap = Math.abs(total - latents - decoderBias - error)
  return { total, latents, decoderBias, error, relativeGap: size === 0 ? 0 : gap / size }
}
