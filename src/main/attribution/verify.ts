/** The exact check: true effects of ablating latents beside the scores that estimate them. */
import { fail } from '../../shared/errors'
import type { ExactCheck } from '../../shared/records/ranking'
import type { Task } from '../../shared/task'
import { pearson, spearman } from '../statistics/correlation'
import { effectsOf, estimateAblations, targetAt } from './ablate'
import type { Bench } from './bench'
import { checkRequest, type AttributionRequest } from './check'
import { prepareAll, type Prepared } from './prepare'

/** A latent and the score that is checked. */
export interface Estimate {
  readonly latent: number
  readonly score: number
}

/**
 * Ablates `estimates` one by one, in batches; `onEffects` hears of each batch. Cancel takes effect between batches (rejects with
 * Cancelled). With the request's target null, the target is the greedy token of the model as the method runs it.
 * @throws LATENT_UNKNOWN, and what `checkRequest` and `prepareAll` throw, RUNTIME_FAILED, OUT_OF_MEMORY
 */
export async function verifyLatents(
  bench: Bench,
  request: AttributionRequest,
  estimates: readonly Estimate[],
  task: Task,
  onEffects: (effects: ExactCheck['effects']) => void
): Promise<ExactCheck> {
  const { sae } = bench.encoder
  const unknown = estimates.find(({ latent }) => latent < 0 || latent >= sae.d_sae)
  if (unknown) fail('LATENT_UNKNOWN', { sae: sae.name, latent: unknown.latent, last: sae.d_sae - 1 })
  task.progress('Ablating', 0, estimates.length)
  const prepared = await prepareOne(bench, request)
  const before = await targetAt(bench, prepared, prepared.substituted)
  const scores = new Map(estimates.map(({ latent, score }) => [latent, score]))
  const asChecked = ({ latent, effect }: { latent: number; effect: number }): ExactCheck['effects'][number] => ({
    latent,
    score: scores.get(latent) ?? 0,
    exactEffect: effect
  })
  const latents = estimates.map(({ latent }) => latent)
  const effects = (await effectsOf(bench, prepared, before, latents, task, (found) => onEffects(found.map(asChecked)))).map(asChecked)
  const [given, exact] = [effects.map(({ score }) => score), effects.map(({ exactEffect }) => exactEffect)]
  return { effects, pearson: pearson(given, exact), spearman: spearman(given, exact) }
}

/** About how long ablating so many latents takes; null for every active one. */
export async function estimateCheck(
  bench: Bench,
  request: AttributionRequest,
  count: number | null
): Promise<{ seconds: number; latents: number }> {
  const prepared = await prepareOne(bench, request)
  const latents = count ?? prepared.active.latents.length
  return { seconds: await estimateAblations(bench, prepared, latents), latents }
}

async function prepareOne(bench: Bench, request: AttributionRequest): Promise<Prepared> {
  const [prepared] = await prepareAll(bench, [checkRequest(bench.sessions.model, request)])
  return prepared ?? fail('PROMPT_EMPTY')
}
