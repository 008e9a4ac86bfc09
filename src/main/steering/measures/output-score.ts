/**
 * Output score of a latent (Arad et al. 2025, arXiv 2505.20063; methods.md 5.3): whether raising it makes the model say what it promotes.
 * After a neutral prompt the latent is raised at the last position alone, and the SAE's error is kept:
 *
 *   a_l := a_l + s a_max          a_max: the largest activation over all latents at that position, s = 10
 *   S_out = (1 - min over t in T of rank(t) / V)  x  max over t in T of p(t)
 *
 * T are its 20 most promoted tokens (promoted.ts), p the next-token probabilities after the edit, rank(t) the number of tokens that are
 * likelier than t, V the size of the vocabulary. With the error kept the edit adds s a_max times what one unit of the latent's activation adds.
 */
import { assert } from '../../../shared/errors'
import { breathe, type Task } from '../../../shared/task'
import { hookValues, suffixLogits } from '../../attribution'
import { logSumExp, promptIds, type ModelSessions } from '../../models'
import { readDirections } from '../../saes'
import type { SteeringSae } from '../compile'
import { promotedTokens } from './promoted'

/** What the paper takes. */
export const OUTPUT_SCORE = { prompt: 'From my experience,', factor: 10, promoted: 20 } as const

/** Largest number of logits, or of hook values, held at once: 64 MiB of float32. */
const NUMBERS_AT_ONCE = 2 ** 24
const ROWS_AT_ONCE = 64

export interface OutputScore {
  /** From 0 to 1. */
  readonly score: number
  /** Rank, from 0, and probability of the likeliest promoted token. */
  readonly rank: number
  readonly probability: number
}

export interface OutputScoreSettings {
  readonly prompt: string
  /** s */
  readonly factor: number
  /** |T| */
  readonly promoted: number
}

/**
 * S_out of each latent of an SAE that writes into the residual stream (`seesTokens`). Cancel takes effect between runs.
 * @throws LATENT_UNKNOWN, NUMBERS_NOT_FINITE, SAE_TOO_WIDE, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function outputScores(
  sessions: ModelSessions,
  sae: SteeringSae,
  latents: readonly number[],
  task: Task,
  { prompt, factor, promoted }: OutputScoreSettings = OUTPUT_SCORE
): Promise<Map<number, OutputScore>> {
  const { model } = sessions
  const ids = promptIds(model, { text: prompt })
  const own = await hookValues({ sessions, ...sae }, ids)
  const { Z, latents: active, tokenScale } = await sae.encoder.encode(own.input, ids.length, own.value)
  let largest = 0
  for (let u = 0; u < active.length; u++) largest = Math.max(largest, Z[(ids.length - 1) * active.length + u] ?? 0)
  const step = factor * largest * (tokenScale[ids.length - 1] ?? 1)
  const { decoded } = await readDirections(sae.encoder.sae, latents)
  const tokens = await promotedTokens(sessions, sae, latents, promoted)
  const found = new Map<number, OutputScore>()
  const wanted = [...decoded]
  const size = Math.max(1, Math.min(ROWS_AT_ONCE, Math.floor(NUMBERS_AT_ONCE / Math.max(model.config.d_vocab, own.value.length))))
  for (let start = 0; start < wanted.length; start += size) {
    await breathe(task)
    task.progress('Output scores', start, wanted.length)
    const some = wanted.slice(start, start + size)
    const values = new Float32Array(some.length * own.value.length)
    some.forEach(([, direction], row) => {
      const value = values.subarray(row * own.value.length, (row + 1) * own.value.length)
      value.set(own.value)
      const last = value.subarray(value.length - direction.length)
      direction.forEach((number, i) => (last[i] = (last[i] ?? 0) + step * number))
    })
    const logits = await suffixLogits({ sessions, ...sae }, some.length, values, own.beside)
    some.forEach(([latent], row) => found.set(latent, scoreOf(logits[row], tokens.get(latent) ?? [])))
  }
  return found
}

/** The score of one row of logits for the tokens T. */
function scoreOf(logits: Float32Array | undefined, tokens: readonly number[]): OutputScore {
  assert(logits && tokens.length > 0, 'each latent has logits and promoted tokens')
  // The likeliest of T has both the smallest rank and the largest probability.
  const best = Math.max(...tokens.map((id) => logits[id] ?? -Infinity))
  let rank = 0
  for (const logit of logits) if (logit > best) rank++
  const probability = Math.exp(best - logSumExp(logits))
  return { score: (1 - rank / logits.length) * probability, rank, probability }
}
