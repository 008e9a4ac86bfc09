/**
 * The tokens that a latent promotes, by static logit lens: T = the k largest of
 *
 *   unembed( finalNorm( W_dec[latent] ) )
 *
 * The final norm is applied to the decoder row itself, so its length does not matter (Arad et al. 2025, arXiv 2505.20063; methods.md 5.3). The
 * model's own last piece is run on the row, so a norm's bias and a soft cap are as the model has them.
 */
import { suffixLogits } from '../../attribution'
import { topTokens, type ModelSessions } from '../../models'
import { readDirections, writesToStream } from '../../saes'
import type { SteeringSae } from '../compile'

/** Rows of one run. */
const AT_ONCE = 64

/** Whether a latent's decoder row can be seen through the unembedding: whether it is written into the residual stream. */
export function seesTokens({ model }: ModelSessions, { encoder, hook }: SteeringSae): boolean {
  return writesToStream({ hook, hookOut: hook }) && encoder.sae.d_out === model.config.d_model
}

/**
 * The ids of the k most promoted tokens of each latent, most promoted first. The SAE must write into the residual stream (`seesTokens`).
 * @throws LATENT_UNKNOWN, NUMBERS_NOT_FINITE, RUNTIME_FAILED, OUT_OF_MEMORY, and what reading the decoder rows may throw
 */
export async function promotedTokens(
  sessions: ModelSessions,
  { encoder }: SteeringSae,
  latents: readonly number[],
  k: number
): Promise<Map<number, number[]>> {
  const { d_model, n_layers } = sessions.model.config
  const hook = `blocks.${n_layers - 1}.hook_resid_post`
  const { raw } = await readDirections(encoder.sae, latents)
  const wanted = [...raw]
  const found = new Map<number, number[]>()
  for (let start = 0; start < wanted.length; start += AT_ONCE) {
    const some = wanted.slice(start, start + AT_ONCE)
    const rows = new Float32Array(some.length * d_model)
    some.forEach(([, row], i) => rows.set(row, i * d_model))
    const logits = await suffixLogits({ sessions, hook, reads: hook }, some.length, rows, null)
    some.forEach(([latent], i) =>
      found.set(
        latent,
        topTokens(logits[i] ?? new Float32Array(), k).map(({ id }) => id)
      )
    )
  }
  return found
}
