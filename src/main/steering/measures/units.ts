/**
 * What one unit of an edit comes to in the others, on a prompt: norms of decoder rows, of the residual stream, and activations.
 *
 *   rowNorm       ||W_dec[latent]|| as stored
 *   residualNorm  mean over positions without special tokens of ||x||, x the hook value that edits change
 *   largest       max over latents of the activation at the prompt's last position (Arad et al., arXiv 2505.20063)
 *   max           the latent's largest activation over the text that its labels were made from
 *   typical       its mean activation where it fires, over that text; where the labels lack it, over the contexts that they keep
 */
import type { LatentUnits } from '../../../shared/contract/steering'
import type { PromptInput } from '../../../shared/records/token'
import { hookValues, type Bench } from '../../attribution'
import { promptIds } from '../../models'
import { normOf } from '../../runtime'
import { measuredActivations, readDirections, type Labels } from '../../saes'

export interface UnitsRequest {
  readonly prompt: PromptInput
  readonly latents: readonly number[]
}

export interface MeasuredUnits {
  readonly hook: string
  readonly residualNorm: number
  readonly largest: number
  readonly latents: LatentUnits[]
}

/**
 * Units on one prompt; of a prompt of special tokens alone, over all its positions. One run of the model to the hook point and of the encoder.
 * @throws PROMPT_EMPTY, PROMPT_TOO_LONG, TOKEN_UNKNOWN, LATENT_UNKNOWN, SAE_TOO_WIDE, NUMBERS_NOT_FINITE, LABELS_INVALID
 */
export async function measureUnits(bench: Bench, labels: Labels, { prompt, latents }: UnitsRequest): Promise<MeasuredUnits> {
  const { sessions, encoder, hook } = bench
  const ids = promptIds(sessions.model, prompt)
  const { raw } = await readDirections(encoder.sae, latents)
  const { value, input } = await hookValues(bench, ids)
  const { Z, latents: active } = await encoder.encode(input, ids.length, value)
  const norms = normsOf(value, ids.length)
  const plain = norms.filter((_, position) => !sessions.model.tokenizer.specialIds.has(ids[position] ?? -1))
  return {
    hook,
    residualNorm: mean(plain.length > 0 ? plain : norms),
    largest: Z.subarray((ids.length - 1) * active.length).reduce((top, activation) => Math.max(top, activation), 0),
    latents: await Promise.all(
      latents.map(async (latent) => {
        const rowNorm = normOf(raw.get(latent) ?? new Float32Array())
        return { latent, rowNorm, ...measuredActivations(await labels.measured(latent), encoder.sae, rowNorm) }
      })
    )
  }
}

/** ||x|| of each position of [positions, width]. */
function normsOf(values: Float32Array, positions: number): number[] {
  const width = values.length / positions
  return Array.from({ length: positions }, (_, position) => normOf(values.subarray(position * width, (position + 1) * width)))
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}
