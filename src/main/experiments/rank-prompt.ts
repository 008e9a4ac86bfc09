/** Rankings of one prompt, as experiments ask for them: any method, one target and one substitution. */
import { z } from 'zod'
import { assert } from '../../shared/errors'
import { MethodName, Substitution, type RankedLatent } from '../../shared/records/ranking'
import type { SetPrompt } from '../../shared/records/sets'
import type { Task } from '../../shared/task'
import { attributeBatch, checkRequest, METHODS, methodOf, type Attributed, type Bench } from '../attribution'
import { targetOf } from '../sets/answer'

/** Methods that rank the latents of one prompt by itself. */
export const RANKING_METHODS = METHODS.filter(({ counterfactual }) => counterfactual !== 'needed').map(({ name }) => name)

/** What is explained, and on which model. Shared by every experiment that ranks. */
export const RankingSettings = z.object({
  /** The first token of the expected answer, or the token the model itself puts first. */
  token: z.enum(['answer', 'greedy']).default('answer'),
  target: z.enum(['probability', 'logit', 'log-probability', 'preset']).default('probability'),
  substitution: Substitution.default('reconstruction'),
  includeSpecial: z.boolean().default(true),
  steps: z.number().int().min(1).max(1000).default(16),
  seed: z.number().int().default(0)
})
export type RankingSettings = z.infer<typeof RankingSettings>

/** A list of methods without repetition. */
export const Methods = z
  .array(MethodName.refine((name) => RANKING_METHODS.includes(name), 'it needs a counterfactual prompt'))
  .min(1)
  .transform((names) => [...new Set(names)])

/**
 * Attributes the chosen token of one prompt. Every method explains the same model: the one with `substitution` written at the hook point
 * at all positions. `seed` is that of the random order. @throws ANSWER_MISSING, and what attribution throws
 */
export async function rankPrompt(
  bench: Bench,
  prompt: SetPrompt,
  method: MethodName,
  settings: RankingSettings,
  seed: number,
  task: Task
): Promise<Attributed> {
  const { model } = bench.sessions
  const kind = settings.target === 'preset' ? methodOf(method).target : settings.target
  const request = {
    prompt: prompt.prompt,
    method,
    target: targetOf(model, { ...prompt, target: null }, settings.token, kind),
    targetKind: kind,
    substitution: settings.substitution,
    includeSpecial: settings.includeSpecial,
    steps: settings.steps,
    seed
  }
  const [found] = await attributeBatch(bench, [checkRequest(model, request)], task)
  assert(found, 'one prompt has one attribution')
  return found
}

/** Latents active at the last position of the prompt: what shares of latents are counted from (methods.md 1.1). */
export function activeAtEnd({ prepared }: Attributed): number {
  const { Z, latents, positions } = prepared.active
  return Z.subarray((positions - 1) * latents.length, positions * latents.length).reduce((count, z) => count + (z > 0 ? 1 : 0), 0)
}

/** Scores by latent. */
export function scoresByLatent(latents: readonly Pick<RankedLatent, 'latent' | 'score'>[]): ReadonlyMap<number, number> {
  return new Map(latents.map(({ latent, score }) => [latent, score]))
}
