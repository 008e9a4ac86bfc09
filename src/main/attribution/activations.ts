/** Active latents of a prompt, position by position, with how well they describe it. */
import type { Output } from '../../shared/contract/call'
import type { engineCalls } from '../../shared/contract/engine'
import type { PromptInput } from '../../shared/records/token'
import { promptIds } from '../models'
import { fitOf } from '../saes'
import { hookValues, type Bench } from './bench'

type Activations = Output<(typeof engineCalls)['sae.activations']>

/** @throws PROMPT_EMPTY, PROMPT_TOO_LONG, TOKEN_UNKNOWN, SAE_TOO_WIDE, NUMBERS_NOT_FINITE */
export async function promptActivations(bench: Bench, prompt: PromptInput): Promise<Activations> {
  const { model } = bench.sessions
  const ids = promptIds(model, prompt)
  const { input, value } = await hookValues(bench, ids)
  const active = await bench.encoder.encode(input, ids.length, value)
  const { latents, Z } = active
  const fit = fitOf(active)
  const positions = ids.map((id, position) => ({
    position,
    token: model.tokenizer.token(id),
    active: Array.from(latents, (latent, u) => ({ latent, activation: Z[position * latents.length + u] ?? 0 })).filter(
      ({ activation }) => activation > 0
    ),
    l0: fit.l0[position] ?? 0,
    fvu: fit.positions[position] ?? 0
  }))
  return { positions, fvu: fit.total }
}
